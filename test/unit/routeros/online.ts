import { BlockList, isIP, isIPv6 } from 'node:net';
import type { ScriptInput } from '../../../src/routeros/index.ts';
import { type RouterOs, RouterOsTrap, type Row, type Snapshot } from '../../simulator/engine/index.ts';
import { allows } from '../../simulator/machine/services.ts';

/** The first packet of something that nobody has asked for: no connection of it is known. */
export interface Packet {
  source: string;
  destination: string;
  protocol: 'tcp' | 'udp';
  sourcePort: number;
  destinationPort: number;
  inInterface: string;
}

const CAN_MATCH = new Set([
  ...[
    'chain',
    'action',
    'comment',
    'disabled',
    'invalid',
    'dynamic',
    '.id',
    'bytes',
    'packets',
    'log',
    'log-prefix',
  ],
  ...['src-address', 'dst-address', 'src-address-list', 'protocol', 'src-port', 'dst-port', 'in-interface'],
  ...['in-interface-list', 'connection-state', 'jump-target', 'reject-with', 'ipsec-policy', 'hw-offload'],
]);

/** Whether a router's chain `input` lets the packet in, read from its configuration alone. */
export function letsIn(os: RouterOs, packet: Packet): boolean {
  const rules = os
    .rows(isIPv6(packet.destination) ? '/ipv6/firewall/filter' : '/ip/firewall/filter')
    .filter((rule) => rule.disabled !== 'true');
  const walk = (chain: string): 'accept' | 'drop' | undefined => {
    for (const rule of rules.filter((one) => one.chain === chain)) {
      const strange = Object.keys(rule).find((name) => !CAN_MATCH.has(name));
      if (strange !== undefined) throw new Error(`a rule matches ${strange}, which is not modelled here`);
      if (!matches(os, rule, packet)) continue;
      if (rule.action === 'accept') return 'accept';
      if (rule.action === 'drop' || rule.action === 'reject' || rule.action === 'tarpit') return 'drop';
      if (rule.action === 'return') return undefined;
      if (rule.action !== 'jump') continue;
      const verdict = walk(rule['jump-target'] ?? '');
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  };
  return walk('input') !== 'drop';
}

function matches(os: RouterOs, rule: Row, packet: Packet): boolean {
  const is = (written: string | undefined, test: (value: string) => boolean): boolean => {
    if (written === undefined || written === '') return true;
    return written.startsWith('!') ? !test(written.slice(1)) : test(written);
  };
  const inList = (list: string, name: string): boolean =>
    os
      .rows('/interface/list/member')
      .some((row) => row.list === list && row.interface === name && row.disabled !== 'true');
  return (
    is(rule.protocol, (protocol) => protocol === packet.protocol) &&
    is(rule['src-address'], (network) => isWithin(packet.source, network)) &&
    is(rule['dst-address'], (network) => isWithin(packet.destination, network)) &&
    is(rule['src-port'], (ports) => ports.split(',').includes(String(packet.sourcePort))) &&
    is(rule['dst-port'], (ports) => ports.split(',').includes(String(packet.destinationPort))) &&
    is(rule['in-interface'], (name) => name === packet.inInterface) &&
    is(rule['in-interface-list'], (list) => inList(list, packet.inInterface)) &&
    is(rule['connection-state'], (states) => states.split(',').includes('new')) &&
    is(rule['src-address-list'], () => false) &&
    is(rule['ipsec-policy'], (policy) => policy.endsWith(',none'))
  );
}

function isWithin(address: string, network: string): boolean {
  const [base = '', length = isIPv6(base) ? '128' : '32'] = network.split('/');
  const list = new BlockList();
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(base) !== isIP(address)) return false;
  list.addSubnet(base, Number(length), family);
  return list.check(address, family);
}

/**
 * What keeps this router from becoming Online with what the script was to set: nothing, if it can make a handshake
 * with the server, and the server gets to its API and can log in.
 */
export function obstacles(os: RouterOs, input: ScriptInput, publicKey?: string): string[] {
  const { server, management } = input;
  const only = (menu: string, name: string): Row | undefined =>
    os.rows(menu).find((row) => row.name === name && row.dynamic !== 'true');
  const found: string[] = [];
  const hold = (what: string, holds: boolean): void => {
    if (!holds) found.push(what);
  };

  const tunnel = only('/interface/wireguard', 'tenant-tunnel');
  hold('no interface', tunnel !== undefined && tunnel.disabled === 'false');
  hold('another key', tunnel?.['public-key'] === publicKey);
  const peers = os.rows('/interface/wireguard/peers').filter((row) => row.interface === 'tenant-tunnel');
  const [peer] = peers;
  hold('not one peer', peers.length === 1 && peer?.disabled === 'false');
  hold('another server key', peer?.['public-key'] === server.publicKey);
  hold('another endpoint', peer?.['endpoint-address'] === server.endpointHost.replace(/[[\]]/g, ''));
  hold('another port', peer?.['endpoint-port'] === String(server.endpointPort));
  hold('another pre-shared key', (peer?.['preshared-key'] ?? '') === (server.presharedKey ?? ''));
  hold(
    'server not allowed',
    (peer?.['allowed-address'] ?? '').split(',').some((network) => isWithin(server.address, network)),
  );
  const addresses = os.rows('/ip/address').filter((row) => row.interface === 'tenant-tunnel');
  hold(
    'another address',
    addresses.map((row) => row.address).join() === `${input.address}/${input.prefixLength}`,
  );
  const hasOff = os.rows('/ipv6/settings')[0]?.['disable-ipv6'] === 'true';
  const six = os.rows('/ipv6/address').filter((row) => row.interface === 'tenant-tunnel');
  const wanted6 = input.ipv6 === undefined || hasOff ? [] : [`${input.ipv6.address}/64 false false`];
  const found6 = six.map((row) => `${row.address} ${row.advertise} ${row.disabled}`);
  hold('another IPv6 address', found6.join() === wanted6.join());
  const networks = (peer?.['allowed-address'] ?? '').split(',');
  const allowed6 = networks.filter((network) => isIPv6(network.split('/')[0] ?? ''));
  hold('another IPv6 network allowed', allowed6.join() === (hasOff ? '' : (input.ipv6?.subnet ?? '')));
  hold('another way to the server', routeTo(os, server.address) === 'tenant-tunnel');

  const endpoints = isIP(server.endpointHost.replace(/[[\]]/g, ''))
    ? [server.endpointHost.replace(/[[\]]/g, '')]
    : ['198.51.100.7', '2001:db8::7'];
  for (const source of endpoints)
    hold(
      `WireGuard from ${source} is dropped`,
      letsIn(os, {
        source,
        destination: isIPv6(source) ? '2001:db8:1::2' : '192.0.2.2',
        protocol: 'udp',
        sourcePort: server.endpointPort,
        destinationPort: Number(tunnel?.['listen-port']),
        inInterface: 'ether1',
      }),
    );
  hold(
    'the API is dropped',
    letsIn(os, {
      source: server.address,
      destination: input.address,
      protocol: 'tcp',
      sourcePort: 40_000,
      destinationPort: management.apiPort,
      inInterface: 'tenant-tunnel',
    }),
  );
  const api = only('/ip/service', 'api');
  hold('the API is off', api?.disabled === 'false' && api.port === String(management.apiPort));
  hold('the API is for others', api !== undefined && allows(api, server.address));
  try {
    os.authenticate(management.user, management.password, server.address);
  } catch (error) {
    if (!(error instanceof RouterOsTrap)) throw error;
    found.push('no log-in');
  }
  return found;
}

/** The gateway of the longest prefix. */
function routeTo(os: RouterOs, address: string): string | undefined {
  const length = (row: Row): number => Number((row['dst-address'] ?? '').split('/')[1] ?? '0');
  const [best] = os
    .rows('/ip/route')
    .filter((row) => row.disabled !== 'true' && isWithin(address, row['dst-address'] ?? ''))
    .sort((a, b) => length(b) - length(a));
  return best?.gateway;
}

/** What the script makes carries these; all else is the customer's, but for what the router makes of it by itself. */
const OURS = /^tenant-tunnel: /;
const DERIVED = ['/interface', '/ip/route', '/log'];
/** What the script sets by design, whoever has set it before. */
const SHARED: Record<string, string[]> = {
  '/system/identity': ['name'],
  '/ip/service': ['disabled', 'port', 'address', 'available-from'],
};

/**
 * What was the customer's before and is not the same after; nothing, if all is well. `former`: the server of an earlier
 * script, which is nobody's client any more.
 */
export function losses(before: Snapshot, after: Snapshot, former = ''): string[] {
  const found = Object.keys(before)
    .filter((menu) => !DERIVED.includes(menu))
    .filter((menu) => JSON.stringify(theirs(menu, before)) !== JSON.stringify(theirs(menu, after)));
  const listOf = (snapshot: Snapshot): string[] => {
    const api = snapshot['/ip/service']?.find((row) => row.name === 'api');
    return (api?.['available-from'] || api?.address || '').split(',').filter((entry) => entry !== '');
  };
  const kept = listOf(after);
  const lost = listOf(before).filter((entry) => entry !== `${former}/32` && !kept.includes(entry));
  return [...found, ...lost.map((entry) => `API client ${entry}`)];
}

function theirs(menu: string, snapshot: Snapshot): Row[] {
  const isOurs = (row: Row): boolean =>
    OURS.test(row.comment ?? '') ||
    row.interface === 'tenant-tunnel' ||
    (menu !== '/ip/firewall/filter' && row.name === 'tenant-tunnel');
  const rows = (snapshot[menu] ?? [])
    .filter((row) => !isOurs(row))
    .map((row) => {
      const kept = { ...row };
      const isShared = menu !== '/ip/service' || row.name === 'api';
      for (const name of isShared ? (SHARED[menu] ?? []) : []) delete kept[name];
      return kept;
    });
  // Services have no order of their own, and are sorted by what is left out here.
  return menu === '/ip/service' ? rows.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)) : rows;
}
