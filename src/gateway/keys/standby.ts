/**
 * Peers for keys that routers have made and are not known to use. WireGuard answers their handshakes, and drops all else,
 * for they have no networks; these go to whichever of a router's two keys made the later handshake.
 */
import type { Peer } from '../../wireguard/index.ts';
import type { Tunnel } from '../fleet.ts';
import type { DesiredPeer } from '../handover-block.ts';
import type { DesiredPeers } from '../tunnel-peers.ts';

export interface Standby {
  /** The key of the router's peer. */
  readonly main: string;
  /** Last handshakes that were read, Unix seconds; 0 before the first. */
  readonly mainSeen: number;
  readonly seen: number;
}

/** What WireGuard is to have for one router. A standby whose key is some other peer's is left out. */
export function peersInForce(
  desired: DesiredPeer | undefined,
  turned: ReadonlySet<string>,
  peers: DesiredPeers,
): Peer[] {
  if (desired === undefined) return [];
  const { peer, next } = desired;
  if (next === undefined || next === peer.publicKey || peers.has(next)) return [peer];
  const other = { ...peer, publicKey: next };
  // Networks go to the peer that is set with them; so the one that loses them is set first.
  return turned.has(peer.publicKey)
    ? [{ ...peer, allowedIPs: [] }, other]
    : [{ ...other, allowedIPs: [] }, peer];
}

/** After these peers of a tunnel came, went or changed. */
export function followStandbys(tunnel: Tunnel, keys: readonly string[]): void {
  const { standbys, desired } = tunnel;
  if (standbys.size > 0) {
    for (const [key, { main }] of standbys) if (desired.peers.get(main)?.next !== key) standbys.delete(key);
  }
  for (const main of keys) {
    const next = desired.peers.get(main)?.next;
    if (next !== undefined && !standbys.has(next)) standbys.set(next, { main, mainSeen: 0, seen: 0 });
  }
}

/** Takes in last handshakes by public key; answers whether a router's networks have to go to its other key. */
export function observeStandbys(tunnel: Tunnel, counters: ReadonlyMap<string, number>): boolean {
  if (tunnel.standbys.size === 0 && tunnel.turned.size === 0) return false;
  const turned = new Set<string>();
  for (const [key, { main, mainSeen, seen }] of tunnel.standbys) {
    const now = { main, mainSeen: counters.get(main) ?? mainSeen, seen: counters.get(key) ?? seen };
    tunnel.standbys.set(key, now);
    if (now.seen > 0 && now.seen >= now.mainSeen) turned.add(main);
  }
  const isSame = turned.size === tunnel.turned.size && [...turned].every((key) => tunnel.turned.has(key));
  if (isSame) return false;
  tunnel.turned = turned;
  return true;
}
