/** From what a tunnel should be, and what the sidecar was last given, to the next call. */
import type { Peer, PeerChange, TunnelState } from '../wireguard/index.ts';
import type { DesiredTunnel, TunnelInterface } from './desired-tunnel.ts';

/** What the sidecar was last given for one tunnel. */
export interface Given {
  interface: TunnelInterface;
  peers: ReadonlyMap<string, Peer>;
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
 * `exists`: whether the node has the interface, whoever made it.
 */
export function planTunnel(desired: DesiredTunnel, given: Given | undefined, exists: boolean): TunnelStep {
  const target = desired.interface;
  if (target === undefined) return { call: 'none' };
  const complete = desired.problems.length === 0;
  const wanted = new Map<string, Peer>();
  for (const [publicKey, { peer }] of desired.peers) wanted.set(publicKey, peer);
  if (given === undefined && exists && !complete) return { call: 'none' };
  if (given === undefined || (complete && !sameInterface(given.interface, target))) {
    return {
      call: 'put',
      state: { ...target, peers: [...wanted.values()] },
      given: { interface: target, peers: wanted },
    };
  }
  const set = [...wanted.values()].filter((peer) => !samePeer(given.peers.get(peer.publicKey), peer));
  const gone = [...given.peers.keys()].filter((publicKey) => !wanted.has(publicKey));
  const remove = complete ? gone : [];
  if (set.length === 0 && remove.length === 0) return { call: 'none' };
  // The peers that are kept for want of knowledge stay remembered, so that they go once that is there.
  if (!complete) for (const key of gone) keep(wanted, given.peers, key);
  return { call: 'patch', change: { set, remove }, given: { interface: given.interface, peers: wanted } };
}

function keep(wanted: Map<string, Peer>, known: ReadonlyMap<string, Peer>, publicKey: string): void {
  const peer = known.get(publicKey);
  if (peer !== undefined) wanted.set(publicKey, peer);
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
