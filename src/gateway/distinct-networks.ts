/**
 * No two peers of a tunnel get networks that overlap, whatever their ConfigMaps say: two leaders may have decided on different
 * knowledge, and while a network moves from one router to another the two ConfigMaps are read one before the other.
 */
import { lastOf, type Peer, parseCidr } from '../wireguard/index.ts';

/** A network behind a router, as numbers. */
export interface PeerNetwork {
  /** First and last address. */
  first: number;
  last: number;
  text: string;
  publicKey: string;
}

/** The networks of a peer beside its own address. */
export function networksOf({ publicKey, allowedIPs }: Peer): PeerNetwork[] {
  return allowedIPs.slice(1).flatMap((text) => {
    const network = parseCidr(text);
    return network === undefined ? [] : [{ first: network.base, last: lastOf(network), text, publicKey }];
  });
}

/**
 * What peers must do without, by public key: of networks of several that overlap the widest stays, and of equal ones that
 * of the first peer. One and the same peer may have a network inside another of its own.
 */
export function overlapping(networks: readonly PeerNetwork[]): Map<string, Set<string>> {
  const without = new Map<string, Set<string>>();
  const stay: PeerNetwork[] = [];
  // Stable: of equal ones the first is the first that was given. Nested or apart, so that a stack holds all that may overlap.
  for (const network of networks.toSorted((a, b) => a.first - b.first || b.last - a.last)) {
    while (stay.length > 0 && (stay.at(-1) as PeerNetwork).last < network.first) stay.pop();
    const other = stay.find(({ publicKey }) => publicKey !== network.publicKey);
    if (other === undefined) stay.push(network);
    else without.set(network.publicKey, (without.get(network.publicKey) ?? new Set()).add(network.text));
  }
  return without;
}
