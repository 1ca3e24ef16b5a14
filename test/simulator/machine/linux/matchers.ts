import { isIPv4, isIPv6 } from 'node:net';
import type { Row } from '../../engine/index.ts';
import { commaList, isOn, type LinuxName, listMembers, type ReadRows } from './interfaces.ts';

/** A rule's conditions in nft's language, all of which must hold; `never` where one of them cannot. */
export type Match = string[] | 'never';

export interface MatchContext {
  rows: ReadRows;
  linuxName: LinuxName;
  /** Of the table; default IPv4. */
  family?: 'ip' | 'ip6';
  /** Notes that a set for this address list is needed, and returns the set's name. */
  addressSet: (list: string, elements: readonly string[]) => string;
}

/** A rule that means something which the simulator cannot do: never ignored. */
export class UntranslatableRule extends Error {
  constructor(menu: string, row: Row, why: string) {
    super(`The simulator cannot make real ${menu} ${row['.id'] ?? ''} "${row.comment ?? ''}": ${why}.`);
    this.name = 'UntranslatableRule';
  }
}

type Matcher = (value: string, negated: boolean, row: Row, context: MatchContext) => Match;

const PROTOCOLS: Readonly<Record<string, string>> = {
  tcp: 'tcp',
  udp: 'udp',
  icmp: 'icmp',
  icmpv6: 'ipv6-icmp',
  igmp: '2',
  gre: '47',
  'ipsec-esp': '50',
  'ipsec-ah': '51',
  ospf: '89',
  ipip: '94',
  ipencap: '4',
  sctp: '132',
};
const CONNECTION_STATES = new Set(['established', 'related', 'new', 'invalid', 'untracked']);
const ADDRESS_TYPES = new Set(['local', 'unicast', 'broadcast', 'multicast']);

/** The conditions that can be made real, by RouterOS's property. */
export const MATCHERS: Readonly<Record<string, Matcher>> = {
  'connection-state': (value, negated) => {
    const states = commaList(value);
    for (const state of states) demand(CONNECTION_STATES.has(state), `connection-state ${state}`);
    return [`ct state ${negated ? '!= ' : ''}{ ${states.join(', ')} }`];
  },
  'connection-nat-state': (value, negated) => {
    demand(value === 'dstnat' || value === 'srcnat', `connection-nat-state ${value}`);
    const bit = value === 'dstnat' ? 'dnat' : 'snat';
    return [`ct status & ${bit} ${negated ? '==' : '!='} 0`];
  },
  protocol: (value, negated) => [`meta l4proto ${not(negated)}${protocolOf(value)}`],
  'src-address': (value, negated, _row, context) => address('saddr', value, negated, context),
  'dst-address': (value, negated, _row, context) => address('daddr', value, negated, context),
  'src-port': (value, negated, row) => [`${transport(row)} sport ${not(negated)}${portsOf(value)}`],
  'dst-port': (value, negated, row) => [`${transport(row)} dport ${not(negated)}${portsOf(value)}`],
  'in-interface': (value, negated, _row, context) => interfaces('iifname', [value], negated, context),
  'out-interface': (value, negated, _row, context) => interfaces('oifname', [value], negated, context),
  'in-interface-list': (value, negated, _row, context) =>
    interfaces('iifname', [...listMembers(value, context.rows)], negated, context),
  'out-interface-list': (value, negated, _row, context) =>
    interfaces('oifname', [...listMembers(value, context.rows)], negated, context),
  'src-address-list': (value, negated, _row, context) => addressList('saddr', value, negated, context),
  'dst-address-list': (value, negated, _row, context) => addressList('daddr', value, negated, context),
  'src-address-type': (value, negated) => [`fib saddr type ${not(negated)}${addressTypes(value)}`],
  'dst-address-type': (value, negated) => [`fib daddr type ${not(negated)}${addressTypes(value)}`],
  // No IPsec is simulated: nothing is ever covered by a policy.
  'ipsec-policy': (value, negated) => {
    demand(/^(in|out),(none|ipsec)$/.test(value), `ipsec-policy ${value}`);
    return value.endsWith('none') !== negated ? [] : 'never';
  },
  random: (value) => {
    demand(/^\d{1,2}$/.test(value), `random ${value}`);
    return [`numgen random mod 100 < ${value}`];
  },
};

/** Properties of a rule that are no conditions, and such as change nothing that a packet could notice. */
const NO_CONDITIONS = new Set(
  `.id .nextid .dead chain action comment disabled dynamic invalid builtin bytes packets log log-prefix jump-target
   reject-with to-addresses to-ports hw-offload address-list address-list-timeout place-before`.split(/\s+/),
);

/** Translates all conditions of a rule. @throws {UntranslatableRule} */
export function conditionsOf(menu: string, row: Row, context: MatchContext): Match {
  const conditions: string[] = [];
  let never = false;
  for (const [property, raw] of Object.entries(row)) {
    if (NO_CONDITIONS.has(property) || raw === '') continue;
    const matcher = MATCHERS[property];
    if (matcher === undefined) throw new UntranslatableRule(menu, row, `${property}=${raw} is not modelled`);
    const negated = raw.startsWith('!');
    let match: Match;
    try {
      match = matcher(negated ? raw.slice(1) : raw, negated, row, context);
    } catch (error) {
      throw new UntranslatableRule(menu, row, (error as Error).message);
    }
    if (match === 'never') never = true;
    else conditions.push(...match);
  }
  return never ? 'never' : conditions;
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`${what} is not modelled`);
}

function not(negated: boolean): string {
  return negated ? '!= ' : '';
}

function protocolOf(value: string): string {
  const known = PROTOCOLS[value] ?? (/^\d{1,3}$/.test(value) ? value : undefined);
  demand(known !== undefined, `protocol ${value}`);
  return known;
}

function transport(row: Row): string {
  const protocol = row.protocol ?? '';
  demand(protocol === 'tcp' || protocol === 'udp', `a port with protocol "${protocol}"`);
  return protocol;
}

function portsOf(value: string): string {
  const ports = commaList(value);
  for (const port of ports) demand(/^\d{1,5}(-\d{1,5})?$/.test(port), `port ${port}`);
  return `{ ${ports.join(', ')} }`;
}

function address(key: string, value: string, negated: boolean, { family = 'ip' }: MatchContext): Match {
  return [`${family} ${key} ${not(negated)}${family === 'ip' ? addressOf(value) : address6Of(value)}`];
}

/** One IPv6 address or a prefix, checked. */
function address6Of(value: string): string {
  const [written = '', length = '128'] = value.split('/');
  demand(isIPv6(written) && /^\d{1,3}$/.test(length) && Number(length) <= 128, `address ${value}`);
  return value;
}

/** One address, a prefix or a range, checked. */
export function addressOf(value: string): string {
  const [first = '', last = first] = value.split('-');
  const [address = '', length = '32'] = first.split('/');
  demand(isIPv4(address) && /^\d{1,2}$/.test(length) && Number(length) <= 32, `address ${value}`);
  demand(last === first || (isIPv4(last) && !first.includes('/')), `address ${value}`);
  return value;
}

function addressTypes(value: string): string {
  const types = commaList(value);
  for (const type of types) demand(ADDRESS_TYPES.has(type), `address type ${type}`);
  return `{ ${types.join(', ')} }`;
}

function interfaces(
  key: string,
  members: readonly string[],
  negated: boolean,
  { linuxName }: MatchContext,
): Match {
  for (const name of members) demand(!name.startsWith('all-'), `interface ${name}`);
  if (members.length === 0) return negated ? [] : 'never';
  return [`${key} ${not(negated)}{ ${members.map((name) => `"${linuxName(name)}"`).join(', ')} }`];
}

function addressList(key: string, list: string, negated: boolean, { rows, addressSet }: MatchContext): Match {
  const elements = rows('/ip/firewall/address-list')
    .filter((row) => row.list === list && isOn(row))
    .map((row) => addressOf(row.address ?? ''));
  if (elements.length === 0) return negated ? [] : 'never';
  return [`ip ${key} ${not(negated)}@${addressSet(list, elements)}`];
}
