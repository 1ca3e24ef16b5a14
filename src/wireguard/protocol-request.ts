import { placeIn6 } from '../api/address6.ts';
import { addresses6Of, subnetsOf } from './addresses.ts';
import { MAX_ALLOWED_IPS } from './configuration/peer.ts';
import { readRecord } from './endpoints/record.ts';
import { SidecarError } from './errors.ts';
import { contains, formatNetwork, type Network, parseAddress, parseCidr } from './ipv4.ts';
import { isKey, publicKeyOf } from './keys.ts';
import type { Hold, Peer, PeerCall, PeerChange, RouterToRouter, Seen, TunnelState } from './protocol.ts';

/** As many as wireguard-go takes; the kernel takes more. */
const MAX_PEERS = 65_536;
const MAX_ADDRESSES = 8;
/** 32 zero bytes, which WireGuard reads as "no key". */
const ZERO_KEY = `${'A'.repeat(43)}=`;

type Fields = Record<string, unknown>;

export function refuse(problem: string): never {
  throw new SidecarError('InvalidRequest', `${problem}.`);
}

export function object(value: unknown, where: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(`${where} must be a JSON object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) refuse(`${where} has the unknown field ${JSON.stringify(unknown.slice(0, 50))}`);
  return value as Fields;
}

export function list(value: unknown, where: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) refuse(`${where} must be a list`);
  if (value.length > most) refuse(`${where} has ${value.length} entries, and ${most} are the most`);
  return value;
}

export function integer(value: unknown, where: string, from: number, to: number): number {
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to;
  return fits ? value : refuse(`${where} must be a whole number from ${from} to ${to}`);
}

/** What is no key is not repeated: it may be one with a slip of the pen. */
function key(value: unknown, where: string): string {
  if (typeof value !== 'string' || !isKey(value)) refuse(`${where} must be 32 bytes in base64`);
  return value === ZERO_KEY
    ? refuse(`${where} must not be all zeros, which WireGuard takes for no key`)
    : value;
}

/** `wg0` … `wg99999`: also part of paths and arguments, so nothing else passes. */
export function parseInterfaceName(value: unknown): string {
  const fits = typeof value === 'string' && /^wg(0|[1-9]\d{0,4})$/.test(value);
  return fits ? value : refuse('The interface name must be wg0 to wg99999');
}

function cidr(value: unknown, where: string): Network {
  const network = typeof value === 'string' ? parseCidr(value) : undefined;
  return network ?? refuse(`${where} must be an IPv4 address with a prefix length, e.g. 10.100.0.1/16`);
}

/** The server's address in a /64, the one that it has in the tunnel; it is no IPv4 network. */
function cidr6(text: string): [] {
  const [address = '', length] = text.split('/');
  if (placeIn6(address) === undefined || length !== '64')
    refuse(
      `addresses has ${JSON.stringify(text.slice(0, 64))}; an IPv6 address is like fd12:3456:789a::1/64, the last of its eight parts alone being the host's`,
    );
  return [];
}

/** Of IPv6 a peer has its own address; whether the tunnel has IPv6 at all is another matter. */
function allowed6(text: string, where: string): string {
  const [address = '', length] = text.split('/');
  if (placeIn6(address) === undefined || length !== '128')
    refuse(
      `${where} has ${JSON.stringify(text.slice(0, 64))}; of IPv6 it may have one address, like fd12:3456:789a::101/128`,
    );
  return text;
}

const isIPv6 = (value: unknown): value is string => typeof value === 'string' && value.includes(':');

function parsePeer(value: unknown, where: string): Peer {
  const fields = object(value, where, ['publicKey', 'allowedIPs', 'presharedKey']);
  const allowedIPs = list(fields.allowedIPs, `${where}.allowedIPs`, MAX_ALLOWED_IPS).map((entry) => {
    if (isIPv6(entry)) return allowed6(entry, `${where}.allowedIPs`);
    const network = cidr(entry, `${where}.allowedIPs`);
    if (network.address !== network.base) {
      refuse(`${where}.allowedIPs has ${String(entry)}; write the network, ${formatNetwork(network)}`);
    }
    return formatNetwork(network);
  });
  const publicKey = key(fields.publicKey, `${where}.publicKey`);
  if (fields.presharedKey === undefined) return { publicKey, allowedIPs };
  return { publicKey, allowedIPs, presharedKey: key(fields.presharedKey, `${where}.presharedKey`) };
}

/** Refuses two peers with one key or one network: WireGuard would give it to whichever came last. */
function parsePeers(value: unknown, where: string): Peer[] {
  const owners = new Map<string, number>();
  const claim = (what: string, index: number): void => {
    const owner = owners.get(what);
    if (owner !== undefined) refuse(`${where}[${owner}] and ${where}[${index}] both have ${what}`);
    owners.set(what, index);
  };
  return list(value, where, MAX_PEERS).map((entry, index) => {
    const peer = parsePeer(entry, `${where}[${index}]`);
    claim(peer.publicKey, index);
    for (const network of peer.allowedIPs) claim(network, index);
    return peer;
  });
}

/** A network of a peer with one of the server's own addresses in it would take the server's traffic away. */
export function refuseServerAddress(peers: readonly Peer[], own: readonly string[], where: string): void {
  const addresses = subnetsOf(own);
  const own6 = new Set(addresses6Of(own).map((address) => `${address}/128`));
  for (const [index, { allowedIPs }] of peers.entries()) {
    for (const text of allowedIPs) {
      const network = parseCidr(text);
      const isOwn = network !== undefined && addresses.some(({ address }) => contains(network, address));
      if (isOwn || own6.has(text)) {
        refuse(`${where}[${index}].allowedIPs has ${text}, which holds the server's own address`);
      }
    }
  }
}

const routerToRouter = (value: unknown): RouterToRouter =>
  value === 'Allow' || value === 'Deny' ? value : refuse('routerToRouter must be Allow or Deny');

/** The body of `PUT /v1/tunnels/{interfaceName}`. Throws `InvalidRequest`, one sentence without a secret. */
export function parseTunnelState(value: unknown, interfaceName: string): TunnelState {
  const known = [
    'interfaceName',
    'privateKey',
    'listenPort',
    'addresses',
    'mtu',
    'routerToRouter',
    'peers',
    'seen',
  ];
  const fields = object(value, 'The body', known);
  if (fields.interfaceName !== interfaceName)
    refuse(`interfaceName must be ${interfaceName}, as in the path`);
  const networks = list(fields.addresses, 'addresses', MAX_ADDRESSES).flatMap((entry) =>
    isIPv6(entry) ? cidr6(entry) : [cidr(entry, 'addresses')],
  );
  if (networks.length === 0) refuse('addresses must name at least one IPv4 address');
  if (networks.some(({ length }) => length < 8)) refuse('addresses must have a prefix length of 8 or more');
  const addresses = list(fields.addresses, 'addresses', MAX_ADDRESSES) as string[];
  if (new Set(addresses).size !== addresses.length) refuse('addresses names one address twice');
  const privateKey = key(fields.privateKey, 'privateKey');
  const peers = parsePeers(fields.peers, 'peers');
  refuseServerAddress(peers, addresses, 'peers');
  const own = publicKeyOf(privateKey);
  if (peers.some(({ publicKey }) => publicKey === own))
    refuse(`peers names ${own}, which is the server's own key`);
  return {
    interfaceName,
    privateKey,
    listenPort: integer(fields.listenPort, 'listenPort', 1, 65_535),
    addresses,
    mtu: integer(fields.mtu, 'mtu', 576, 65_535),
    ...(fields.routerToRouter === undefined ? {} : { routerToRouter: routerToRouter(fields.routerToRouter) }),
    peers,
    ...(fields.seen !== undefined && { seen: parseSeen(fields.seen) }),
  };
}

/** What a node knew of where peers are: a hint, of which is taken what can be used. */
function parseSeen(value: unknown): Seen {
  const { at, peers } = object(value, 'seen', ['at', 'peers']);
  const record = readRecord({ writtenAt: at, peers });
  if (record === undefined) refuse('seen must have a time, at, and peers by their public key');
  const entries = [...record.peers].map(
    ([publicKey, { endpoint, lastHandshake }]) => [publicKey, [endpoint, lastHandshake]] as const,
  );
  return { at: record.writtenAt, peers: Object.fromEntries(entries) as Seen['peers'] };
}

/** Longer than any Lease of a gateway. */
const MAX_HOLD_SECONDS = 3600;
const MAX_TUNNELS = 100_000;

/** The body of `PUT /v1/hold`. Throws `InvalidRequest`. */
export function parseHold(value: unknown): Hold {
  const fields = object(value, 'The body', ['seconds', 'fenced']);
  const fenced = list(fields.fenced, 'fenced', MAX_TUNNELS).map(parseInterfaceName);
  const { seconds } = fields;
  if (seconds === null) return { seconds, fenced };
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MAX_HOLD_SECONDS))
    refuse(`seconds must be a number from 0 to ${MAX_HOLD_SECONDS}, or null`);
  return { seconds, fenced };
}

/** The body of `PATCH /v1/tunnels/{interfaceName}/peers`. Throws `InvalidRequest`. */
export function parsePeerChange(value: unknown): PeerChange {
  const fields = object(value, 'The body', ['set', 'remove']);
  const set = parsePeers(fields.set, 'set');
  const remove = list(fields.remove, 'remove', MAX_PEERS).map((entry, index) =>
    key(entry, `remove[${index}]`),
  );
  const named = new Set(remove);
  const both = set.find(({ publicKey }) => named.has(publicKey));
  if (both !== undefined) refuse(`${both.publicKey} is in both set and remove`);
  return { set, remove };
}

/** The body of `POST /v1/tunnels/{interfaceName}/call`. Throws `InvalidRequest`. */
export function parsePeerCall(value: unknown): PeerCall {
  const fields = object(value, 'The body', ['publicKey']);
  return { publicKey: key(fields.publicKey, 'publicKey') };
}

/** `10.100.1.1:8728`, the target of a CONNECT. Throws `InvalidRequest`. */
export function parseDestination(text: string): { address: string; port: number } {
  const [, address = '', port = ''] = /^([\d.]{7,15}):(\d{1,5})$/.exec(text) ?? [];
  if (parseAddress(address) === undefined || Number(port) < 1 || Number(port) > 65_535) {
    refuse('The target of CONNECT must be an IPv4 address and a port, e.g. 10.100.1.1:8728');
  }
  return { address, port: Number(port) };
}

/** The `since` of `GET …/peers`: Unix time in seconds; 0 where it is absent. Throws `InvalidRequest`. */
export function parseSince(value: string | null): number {
  if (value === null) return 0;
  return /^\d{1,12}$/.test(value) ? Number(value) : refuse('since must be a Unix time in whole seconds');
}

/** The `after` of `GET /v1/arrivals`; 0 where it is absent. Throws `InvalidRequest`. */
export function parseAfter(value: string | null): number {
  if (value === null) return 0;
  return /^\d{1,15}$/.test(value) ? Number(value) : refuse('after must be a sequence that this sidecar gave');
}
