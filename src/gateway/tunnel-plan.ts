/** From what a tunnel should be, and what the sidecar was last given, to the next call. */
import type { Peer, PeerChange, TunnelState } from '../wireguard/index.ts';
import type { DesiredTunnel, TunnelInterface } from './desired-tunnel.ts';
import { peersInForce } from './keys/standby.ts';
import { type DesiredPeers, differing } from './tunnel-peers.ts';

/** What the sidecar was last given for one tunnel. */
export interface Given {
  interface: TunnelInterface;
  peers: DesiredPeers;
  /** Whose routers used the keys that they have made. */
  turned: ReadonlySet<string>;
}

export type TunnelStep =
  | { call: 'none' }
  | { call: 'put'; state: TunnelState; given: Given }
  | { call: 'patch'; change: PeerChange; given: Given };

/**
 * - Objects complete: the whole state at first and when the interface itself changed, else the difference.
 * - A block missing or unreadable: peers are added and changed, none is taken away; an interface that exists and was
 *   not given by this process is left as it is, one that does not exist is made with the peers that are known.
 * - Tunnel or key missing or wrong: nothing.
 *
 * `exists`: whether the node has the interface, whoever made it. `turned`: keys of peers whose routers use the keys that
 * they have made.
 */
export function planTunnel(
  desired: DesiredTunnel,
  given: Given | undefined,
  exists: boolean,
  turned: ReadonlySet<string> = NOBODY,
): TunnelStep {
  const target = desired.interface;
  if (target === undefined) return { call: 'none' };
  const complete = desired.problems.length === 0;
  if (given === undefined && exists && !complete) return { call: 'none' };
  if (given === undefined || (complete && !sameInterface(given.interface, target))) {
    const { peers } = desired;
    return {
      call: 'put',
      state: { ...target, peers: [...peers.values()].flatMap((one) => peersInForce(one, turned, peers)) },
      given: { interface: target, peers, turned },
    };
  }
  const changed = differing(given.peers, desired);
  const gone = changed.filter((key) => !desired.peers.has(key));
  const keys = turned === given.turned ? changed : [...new Set([...changed, ...given.turned, ...turned])];
  const had = byKey(keys.flatMap((key) => peersInForce(given.peers.get(key), given.turned, given.peers)));
  const wanted = byKey(keys.flatMap((key) => peersInForce(desired.peers.get(key), turned, desired.peers)));
  const set = [...wanted.values()].filter((peer) => !samePeer(had.get(peer.publicKey), peer));
  const remove = complete ? [...had.keys()].filter((key) => !wanted.has(key) && !desired.peers.has(key)) : [];
  if (set.length === 0 && remove.length === 0) return { call: 'none' };
  const peers = complete ? desired.peers : withKept(desired.peers, given.peers, gone);
  return { call: 'patch', change: { set, remove }, given: { interface: given.interface, peers, turned } };
}

const NOBODY: ReadonlySet<string> = new Set();

const byKey = (peers: readonly Peer[]): Map<string, Peer> =>
  new Map(peers.map((peer) => [peer.publicKey, peer]));

/** The peers that are kept for want of knowledge stay remembered, so that they go once that is there. */
function withKept(wanted: DesiredPeers, known: DesiredPeers, keys: readonly string[]): DesiredPeers {
  const kept = keys.flatMap((key) => {
    const peer = known.get(key);
    return peer === undefined ? [] : [[key, peer] as const];
  });
  return new Map([...wanted, ...kept]);
}

function sameInterface(a: TunnelInterface, b: TunnelInterface): boolean {
  return (
    a.privateKey === b.privateKey &&
    a.listenPort === b.listenPort &&
    a.mtu === b.mtu &&
    a.routerToRouter === b.routerToRouter &&
    a.addresses.join() === b.addresses.join()
  );
}

function samePeer(a: Peer | undefined, b: Peer): boolean {
  if (a === b) return true;
  return a !== undefined && a.presharedKey === b.presharedKey && a.allowedIPs.join() === b.allowedIPs.join();
}
