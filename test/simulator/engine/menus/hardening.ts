import { singleCommands } from '../configuration/commands.ts';
import type { Menu, Property } from '../configuration/definition.ts';
import { timeOr } from '../values/limits.ts';
import { bool, integer, name, oneOf, setOf, text } from '../values/types.ts';
import { refuseForbidden } from './device-mode.ts';
import { BUILTIN_LISTS, LISTS } from './interface.ts';

const single = (path: string, properties: Property[]): Menu => ({
  path,
  kind: 'single',
  commands: singleCommands(true),
  properties,
});

/** One of the lists of interfaces; `all` and `none` are lists, too. */
const interfaceList = (property: string): Property => ({
  name: property,
  type: name,
  default: 'all',
  reference: LISTS,
  negatable: true,
  words: BUILTIN_LISTS,
});

export const macServerMenu = single('/tool/mac-server', [interfaceList('allowed-interface-list')]);
export const macWinboxMenu = single('/tool/mac-server/mac-winbox', [interfaceList('allowed-interface-list')]);
export const macPingMenu = single('/tool/mac-server/ping', [
  { name: 'enabled', type: bool, default: 'true' },
]);

/** Where device-mode forbids the test it cannot be changed either (manual, Device-mode). */
export const bandwidthServerMenu: Menu = {
  ...single('/tool/bandwidth-server', [
    { name: 'enabled', type: bool, default: 'true' },
    { name: 'authenticate', type: bool, default: 'true' },
    { name: 'allocate-udp-ports-from', type: integer(1000, 64000), default: '2000' },
    { name: 'max-sessions', type: integer(1, 1000), default: '100' },
    { name: 'allowed-addresses4', type: text, default: '', since: '7.18' },
    { name: 'allowed-addresses6', type: text, default: '', since: '7.18' },
  ]),
  rules: { set: (_entry, _changes, context) => refuseForbidden('bandwidth-test', context) },
};

export const sshMenu = single('/ip/ssh', [
  { name: 'strong-crypto', type: bool, default: 'false' },
  { name: 'allow-none-crypto', type: bool, default: 'false', until: '7.17' },
  { name: 'ciphers', type: text, default: 'auto', since: '7.17' },
  { name: 'forwarding-enabled', type: oneOf('no', 'local', 'remote', 'both'), default: 'no' },
  { name: 'always-allow-password-login', type: bool, default: 'false', until: '7.21' },
  {
    name: 'password-authentication',
    type: oneOf('yes', 'no', 'yes-if-no-key'),
    default: 'yes-if-no-key',
    since: '7.21',
  },
  { name: 'host-key-size', type: integer(1024, 8192), default: '2048' },
  { name: 'host-key-type', type: oneOf('rsa', 'ed25519'), default: 'rsa' },
]);

export const discoveryMenu = single('/ip/neighbor/discovery-settings', [
  { ...interfaceList('discover-interface-list'), default: 'static' },
  { name: 'protocol', type: setOf(['cdp', 'lldp', 'mndp']), default: 'cdp,lldp,mndp' },
  { name: 'mode', type: oneOf('rx-only', 'tx-and-rx', 'tx-only'), default: 'tx-and-rx' },
  { name: 'lldp-med-net-policy-vlan', type: text, default: 'disabled' },
]);

export const cloudMenu = single('/ip/cloud', [
  { name: 'ddns-enabled', type: oneOf('auto', 'no', 'yes'), default: 'no' },
  { name: 'ddns-update-interval', type: timeOr('none'), default: 'none' },
  { name: 'update-time', type: bool, default: 'true' },
  { name: 'public-address', type: text, readOnly: true },
]);
