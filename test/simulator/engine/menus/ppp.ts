import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Context, Menu, Property, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { bool, integer, integerOr, ipv4, listOf, name, oneOf, setOf, text, time } from '../values/types.ts';
import { isBuiltin, refuseBuiltin, refuseSameName } from './builtin-rows.ts';
import { INTERFACES, LISTS } from './interface.ts';
import { addressOrPool, refuseUnknownPool } from './pool.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const PPP_PROFILES = '/ppp/profile';
const SECRETS = '/ppp/secret';
const PPPOE_SERVERS = '/interface/pppoe-server/server';

const uniqueProfile = refuseSameName(PPP_PROFILES, 'profile');
const uniqueSecret = refuseSameName(SECRETS, 'secret');

/** `yes`, `no`, and `default`: as the default profile has it. Read in these words, not as a boolean. */
const choice = (property: string, ...more: string[]): Property => ({
  name: property,
  type: oneOf('yes', 'no', 'default', ...more),
  default: 'default',
});

function refuseUnknownPools(values: Values, context: Context): void {
  refuseUnknownPool(values['local-address'], 'local-address', context);
  refuseUnknownPool(values['remote-address'], 'remote-address', context);
}

export const pppProfileMenu: Menu = {
  path: PPP_PROFILES,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'comment', 'unset'),
  properties: [
    { name: 'name', type: name, required: true },
    addressOrPool('local-address'),
    addressOrPool('remote-address'),
    { name: 'dns-server', type: listOf(ipv4) },
    { name: 'wins-server', type: listOf(ipv4) },
    { name: 'bridge-learning', type: oneOf('yes', 'no', 'default'), default: 'default' },
    { name: 'interface-list', type: name, reference: LISTS },
    { name: 'address-list', type: text, default: '' },
    { name: 'rate-limit', type: text },
    { name: 'session-timeout', type: time },
    { name: 'idle-timeout', type: time },
    { name: 'incoming-filter', type: text },
    { name: 'outgoing-filter', type: text },
    choice('use-compression'),
    choice('use-encryption', 'required'),
    choice('use-mpls', 'required'),
    choice('use-upnp'),
    { name: 'use-ipv6', type: oneOf('yes', 'no', 'default', 'required'), default: 'yes' },
    choice('only-one'),
    choice('change-tcp-mss'),
    { name: 'on-up', type: text, default: '' },
    { name: 'on-down', type: text, default: '' },
    isBuiltin,
    comment,
  ],
  rules: {
    add: (values, context) => {
      uniqueProfile(values, context);
      refuseUnknownPools(values, context);
    },
    set: (entry, changes, context) => {
      uniqueProfile({ ...entry.values, ...changes }, context, entry);
      refuseUnknownPools(changes, context);
    },
    remove: refuseBuiltin,
  },
};

export const pppAaaMenu: Menu = {
  path: '/ppp/aaa',
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'use-radius', type: bool, default: 'false' },
    { name: 'accounting', type: bool, default: 'true' },
    { name: 'interim-update', type: time, default: '0s' },
    { name: 'use-circuit-id-in-nas-port-id', type: bool, default: 'false' },
    { name: 'enable-ipv6-accounting', type: bool, default: 'false', since: '7.15' },
  ],
};

export const pppSecretMenu: Menu = {
  path: SECRETS,
  kind: 'rows',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment', 'unset'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'password', type: text, default: '', secret: 'masked' },
    {
      name: 'service',
      type: oneOf('any', 'async', 'l2tp', 'ovpn', 'pppoe', 'pptp', 'sstp'),
      default: 'any',
    },
    { name: 'caller-id', type: text, default: '' },
    { name: 'profile', type: name, default: 'default', reference: PPP_PROFILES },
    addressOrPool('local-address'),
    addressOrPool('remote-address'),
    { name: 'routes', type: text },
    { name: 'limit-bytes-in', type: integer(0, Number.MAX_SAFE_INTEGER), default: '0' },
    { name: 'limit-bytes-out', type: integer(0, Number.MAX_SAFE_INTEGER), default: '0' },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      uniqueSecret(values, context);
      refuseUnknownPools(values, context);
    },
    set: (entry, changes, context) => {
      uniqueSecret({ ...entry.values, ...changes }, context, entry);
      refuseUnknownPools(changes, context);
    },
  },
};

/** A server that is added is off unless it says otherwise (ansible's _api_data.py). */
export const pppoeServerMenu: Menu = {
  path: PPPOE_SERVERS,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'service-name', type: text, default: '' },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'max-mtu', type: integerOr(['auto'], 512, 65535), default: 'auto' },
    { name: 'max-mru', type: integerOr(['auto'], 512, 65535), default: 'auto' },
    { name: 'mrru', type: integerOr(['disabled'], 512, 65535), default: 'disabled' },
    {
      name: 'authentication',
      type: setOf(['pap', 'chap', 'mschap1', 'mschap2']),
      default: 'pap,chap,mschap1,mschap2',
    },
    { name: 'keepalive-timeout', type: integerOr(['disabled'], 1, 65535), default: '10' },
    { name: 'one-session-per-host', type: bool, default: 'false' },
    { name: 'max-sessions', type: integerOr(['unlimited'], 1, 65535), default: 'unlimited' },
    { name: 'pado-delay', type: integer(0, 65535), default: '0' },
    { name: 'default-profile', type: name, default: 'default', reference: PPP_PROFILES },
    { name: 'accept-empty-service', type: bool, default: 'true' },
    { name: 'pppoe-over-vlan-range', type: text, default: '', since: '7.17' },
    { name: 'accept-untagged', type: bool, default: 'true', since: '7.20' },
    { name: 'disabled', type: bool, default: 'true' },
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      const same = context.configuration
        .entries(PPPOE_SERVERS)
        .some(
          (server) =>
            server.values.interface === values.interface &&
            (server.values['service-name'] ?? '') === (values['service-name'] ?? ''),
        );
      // Unsure in its words.
      if (same) throw new RouterOsTrap('failure: already have such service on interface', 4);
    },
  },
};
