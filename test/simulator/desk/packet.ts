import { BlockList, isIPv4 } from 'node:net';
import type { Row } from '../engine/index.ts';
import { commaList, isOn, listMembers, type ReadRows } from '../machine/linux/interfaces.ts';

/** As much of a packet as firewalls of these tests look at. */
export interface Packet {
  chain: 'input' | 'output';
  protocol: 'tcp' | 'udp';
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  /** The interface that it comes in by, or goes out by. */
  interfaceName: string;
  state: 'new' | 'established';
}

/** Conditions that decide nothing here: counters, logs and what no packet of ours ever is. */
const NOT_OURS = [
  'ipsec-policy',
  'connection-mark',
  'connection-nat-state',
  'src-address-list',
  'dst-address-list',
];

/** Whether a table lets a packet pass; at its end it does. */
export function passes(
  packet: Packet,
  rules: readonly Row[],
  rows: ReadRows,
  chain: string = packet.chain,
): boolean {
  return verdict(packet, rules, rows, chain, 0) !== 'drop';
}

/** Whether a rule of the nat table sends what is for us elsewhere. */
export function isDiverted(packet: Packet, rows: ReadRows): boolean {
  if (packet.state !== 'new') return false;
  return rows('/ip/firewall/nat').some(
    (rule) =>
      isOn(rule) &&
      rule.chain === 'dstnat' &&
      ['dst-nat', 'redirect', 'netmap'].includes(rule.action ?? '') &&
      matches(packet, rule, rows),
  );
}

function verdict(
  packet: Packet,
  rules: readonly Row[],
  rows: ReadRows,
  chain: string,
  depth: number,
): 'accept' | 'drop' | 'return' | undefined {
  if (depth > 10) return 'drop';
  for (const rule of rules) {
    if (!isOn(rule) || rule.chain !== chain || !matches(packet, rule, rows)) continue;
    switch (rule.action ?? 'accept') {
      case 'accept':
      case 'fasttrack-connection':
        return 'accept';
      case 'drop':
      case 'reject':
      case 'tarpit':
        return 'drop';
      case 'return':
        return 'return';
      case 'jump': {
        const there = verdict(packet, rules, rows, rule['jump-target'] ?? '', depth + 1);
        if (there === 'accept' || there === 'drop') return there;
      }
    }
  }
  return undefined;
}

function matches(packet: Packet, rule: Row, rows: ReadRows): boolean {
  const [own, other] = packet.chain === 'input' ? (['in', 'out'] as const) : (['out', 'in'] as const);
  if (rule[`${other}-interface`] !== undefined || rule[`${other}-interface-list`] !== undefined) return false;
  if (NOT_OURS.some((name) => rule[name] !== undefined && !rule[name].startsWith('!'))) return false;
  return (
    is(rule.protocol, (value) => value === packet.protocol) &&
    is(rule['src-address'], (value) => covers(value, packet.source)) &&
    is(rule['dst-address'], (value) => covers(value, packet.destination)) &&
    is(rule['src-port'], (value) => hasPort(value, packet.sourcePort)) &&
    is(rule['dst-port'], (value) => hasPort(value, packet.destinationPort)) &&
    is(rule.port, (value) => hasPort(value, packet.sourcePort) || hasPort(value, packet.destinationPort)) &&
    is(rule[`${own}-interface`], (value) => value === packet.interfaceName) &&
    is(rule[`${own}-interface-list`], (value) => listMembers(value, rows).has(packet.interfaceName)) &&
    is(rule['connection-state'], (value) => commaList(value).includes(packet.state))
  );
}

/** A condition that is not there holds; `!` before one turns it round. */
function is(condition: string | undefined, holds: (value: string) => boolean): boolean {
  if (condition === undefined || condition === '') return true;
  return condition.startsWith('!') ? !holds(condition.slice(1)) : holds(condition);
}

/** Prefix → list: the same few are asked for again and again. */
const lists = new Map<string, BlockList>();
const MOST_LISTS = 1_000;

/** Whether an IPv4 prefix, or a range with a dash, has this address in it. */
export function covers(prefix: string, address: string): boolean {
  const known = lists.get(prefix);
  if (known !== undefined) return known.check(address);
  const [from = '', to] = prefix.split('-');
  const list = new BlockList();
  if (to !== undefined) list.addRange(from, to);
  else {
    const [network = '', length = '32'] = from.split('/');
    if (!isIPv4(network)) return false;
    list.addSubnet(network, Number(length));
  }
  if (lists.size >= MOST_LISTS) lists.clear();
  lists.set(prefix, list);
  return list.check(address);
}

const hasPort = (ports: string, port: number): boolean =>
  ports.split(',').some((part) => {
    const [low, high = low] = part.split('-').map(Number);
    return low !== undefined && high !== undefined && port >= low && port <= high;
  });
