import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { address } from '../values/limits.ts';
import { bool, integer, oneOf, setOf, text, time } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

/** As rows read them, whatever order they were written in. */
const SERVICES = ['ppp', 'login', 'hotspot', 'wireless', 'dhcp', 'ipsec', 'dot1x'];

/**
 * Servers are asked in the order of the rows. Defaults: ansible's _api_data.py; the manual says 1.1 s of `timeout`,
 * so nobody should rest on it.
 */
export const radiusMenu: Menu = {
  path: '/radius',
  kind: 'rows',
  dynamicFlag: 'none',
  ordered: true,
  commands: rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move'),
  properties: [
    { name: 'service', type: setOf(SERVICES), default: '' },
    { name: 'called-id', type: text, default: '' },
    { name: 'domain', type: text, default: '' },
    { name: 'address', type: address, default: '0.0.0.0' },
    { name: 'secret', type: text, default: '', secret: 'masked' },
    { name: 'authentication-port', type: integer(1, 65535), default: '1812' },
    { name: 'accounting-port', type: integer(1, 65535), default: '1813' },
    { name: 'timeout', type: time, default: '300ms' },
    { name: 'accounting-backup', type: bool, default: 'false' },
    { name: 'realm', type: text, default: '' },
    { name: 'src-address', type: address, default: '0.0.0.0' },
    { name: 'protocol', type: oneOf('udp', 'radsec'), default: 'udp' },
    { name: 'certificate', type: text, default: 'none' },
    {
      name: 'require-message-auth',
      type: oneOf('no', 'yes-for-request-resp'),
      default: 'yes-for-request-resp',
      since: '7.15',
    },
    { name: 'radsec-timeout', type: time, default: '3s300ms', since: '7.19.6' },
    disabled,
    comment,
  ],
};

/** What a server sends by itself: that a session ends, or gets other limits. */
export const radiusIncomingMenu: Menu = {
  path: '/radius/incoming',
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'accept', type: bool, default: 'false' },
    { name: 'port', type: integer(1, 65535), default: '3799' },
    { name: 'vrf', type: text, default: 'main' },
  ],
};
