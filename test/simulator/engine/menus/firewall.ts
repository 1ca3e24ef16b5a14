import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Property, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import {
  bool,
  integer,
  match4,
  match6,
  name,
  notOneOf,
  oneOf,
  ports,
  setOf,
  text,
  type ValueType,
} from '../values/types.ts';
import { BUILTIN_LISTS, INTERFACES, LISTS } from './interface.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const FILTER = '/ip/firewall/filter';
const COMMANDS = rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move', 'unset');

const side = (property: string): Property => ({
  name: property,
  type: text,
  reference: INTERFACES,
  negatable: true,
});
const list = (property: string): Property => ({
  name: property,
  type: text,
  reference: LISTS,
  negatable: true,
  words: BUILTIN_LISTS,
});
const TRANSPORT = ['tcp', 'udp', 'udp-lite', 'dccp', 'sctp'];
const PROTOCOLS = [
  ...TRANSPORT,
  'icmp',
  'igmp',
  'gre',
  'ipsec-esp',
  'ipsec-ah',
  'ospf',
  'vrrp',
  'ipencap',
  'icmpv6',
];
const STATES = ['established', 'invalid', 'new', 'related', 'untracked'];

const matchers = (address: ValueType): Property[] => [
  { name: 'chain', type: name, required: true },
  { name: 'src-address', type: address },
  { name: 'dst-address', type: address },
  { name: 'src-address-list', type: text },
  { name: 'dst-address-list', type: text },
  { name: 'protocol', type: notOneOf(...PROTOCOLS) },
  { name: 'src-port', type: ports },
  { name: 'dst-port', type: ports },
  { name: 'port', type: ports },
  side('in-interface'),
  side('out-interface'),
  list('in-interface-list'),
  list('out-interface-list'),
  { name: 'connection-mark', type: text },
  { name: 'ipsec-policy', type: oneOf('in,ipsec', 'in,none', 'out,ipsec', 'out,none') },
  { name: 'limit', type: text },
  { name: 'log', type: bool, default: 'false' },
  { name: 'log-prefix', type: text, default: '' },
  { name: 'jump-target', type: text },
];
const COUNTERS: Property[] = ['bytes', 'packets'].map((counter) => ({
  name: counter,
  type: integer(0, Number.MAX_SAFE_INTEGER),
  readOnly: true,
  default: '0',
}));

/** Ports mean something only for protocols that have them (text as RouterOS 6 and 7 print it). */
function refusePortsAlone(values: Values): void {
  const asks = ['src-port', 'dst-port', 'port', 'to-ports'].some((property) => values[property]);
  if (asks && !TRANSPORT.includes(values.protocol ?? '')) {
    throw new RouterOsTrap('failure: ports can be specified if proto is tcp,udp,udp-lite,dccp,sctp', 4);
  }
}

/**
 * The router shows fasttracked packets in a row of its own, always the first, which nobody may touch
 * (comments in public generators, seen on 7.24.2).
 */
function keepFasttrackRow(context: Context): void {
  const { configuration } = context;
  const entries = configuration.entries(FILTER);
  const dummy = entries.find((entry) => entry.dynamic && entry.values.action === 'passthrough');
  const wanted = entries.some(
    (entry) => entry.values.action === 'fasttrack-connection' && entry.values.disabled !== 'true',
  );
  if (wanted && !dummy) {
    const values = {
      chain: 'forward',
      action: 'passthrough',
      comment: 'special dummy rule to show fasttrack counters',
    };
    const [first] = entries;
    configuration.insert(FILTER, values, first ? { before: first, dynamic: true } : { dynamic: true });
  }
  if (!wanted && dummy) configuration.remove(FILTER, dummy);
}

export const filterMenu: Menu = {
  path: FILTER,
  kind: 'rows',
  ordered: true,
  commands: COMMANDS,
  properties: [
    {
      name: 'action',
      type: oneOf(
        'accept',
        'add-dst-to-address-list',
        'add-src-to-address-list',
        'drop',
        'fasttrack-connection',
        'jump',
        'log',
        'passthrough',
        'reject',
        'return',
        'tarpit',
      ),
      default: 'accept',
    },
    ...matchers(match4),
    { name: 'connection-state', type: setOf(STATES, true) },
    { name: 'connection-nat-state', type: setOf(['srcnat', 'dstnat'], true) },
    { name: 'reject-with', type: text },
    { name: 'hw-offload', type: bool, until: '7.21' },
    ...COUNTERS,
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: refusePortsAlone,
    set: (entry, changes) => refusePortsAlone({ ...entry.values, ...changes }),
    changed: keepFasttrackRow,
  },
};

/** IPv6 has a table of its own; the default configuration ends it with the same drop. */
export const filter6Menu: Menu = {
  path: '/ipv6/firewall/filter',
  kind: 'rows',
  ordered: true,
  commands: COMMANDS,
  properties: [
    {
      name: 'action',
      type: oneOf('accept', 'drop', 'jump', 'log', 'passthrough', 'reject', 'return'),
      default: 'accept',
    },
    ...matchers(match6),
    { name: 'connection-state', type: setOf(STATES, true) },
    { name: 'reject-with', type: text },
    ...COUNTERS,
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: refusePortsAlone,
    set: (entry, changes) => refusePortsAlone({ ...entry.values, ...changes }),
  },
};

export const natMenu: Menu = {
  path: '/ip/firewall/nat',
  kind: 'rows',
  ordered: true,
  commands: COMMANDS,
  properties: [
    {
      name: 'action',
      type: oneOf(
        'accept',
        'dst-nat',
        'jump',
        'log',
        'masquerade',
        'netmap',
        'passthrough',
        'redirect',
        'return',
        'same',
        'src-nat',
      ),
      default: 'accept',
    },
    ...matchers(match4),
    { name: 'to-addresses', type: match4 },
    { name: 'to-ports', type: ports },
    ...COUNTERS,
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: refusePortsAlone,
    set: (entry, changes) => refusePortsAlone({ ...entry.values, ...changes }),
  },
};
