/** What this agent knows of the tunnels on its node: the one place that the loops share. */
import type { HandoverPeer } from '../api/index.ts';
import type { ServiceProblem } from '../wireguard/index.ts';
import type { Link } from './connectivity.ts';
import { type DesiredTunnel, noTunnel } from './desired-tunnel.ts';
import { Expected } from './expected.ts';
import type { DesiredPeer } from './handover-block.ts';
import { followStandbys, type Standby } from './keys/standby.ts';
import type { Problem } from './problem.ts';
import type { Verdict } from './services/verdict.ts';
import { type DesiredPeers, differing } from './tunnel-peers.ts';
import type { Given } from './tunnel-plan.ts';

/** Bytes of a peer as last read, to make ever-growing sums of counters that start anew with an interface. */
export interface Traffic {
  rx: number;
  tx: number;
}

/** What is known of a tunnel's services. */
export interface TunnelServices {
  /** What the sidecar was last given, as text; undefined: give it. */
  given: string | undefined;
  /** Monotonic ms. */
  givenAt: number;
  /** Ports that could not be opened then. */
  portProblems: readonly ServiceProblem[];
  /** What is to be said: undefined as long as nothing is known, null where there are none. */
  verdict: Verdict | null | undefined;
  /** Since when something is wrong, monotonic ms. */
  badSince: number | undefined;
}

export interface Tunnel {
  readonly interfaceName: string;
  desired: DesiredTunnel;
  /** When it was placed on this node, ms since 1970; 0 where that is not noted. */
  placed: number;
  /** When it was first read, monotonic ms. */
  readonly firstReadAt: number;
  /** What the sidecar was last given; undefined: give it the whole. */
  given: Given | undefined;
  /** When the whole was last given, monotonic ms. */
  givenAt: number;
  /** Why the sidecar could not do what it was last asked. */
  refusal: Problem | undefined;
  /** Since when there is a problem of the objects or a refusal, monotonic ms. */
  problemSince: number | undefined;
  /** Since when no object of it is left, monotonic ms. */
  goneSince: number | undefined;
  /** Since when the node lacks something of it, monotonic ms; undefined while it is known to lack nothing. */
  behindSince: number | undefined;
  /** Who was heard to begin a handshake, from where none came before. */
  readonly expected: Expected;
  /** One sync was tried to its end. */
  attempted: boolean;
  /** By public key; one for each desired peer. */
  readonly links: Map<string, Link>;
  readonly traffic: Map<string, Traffic>;
  /** By a key that a router has made, and may come with at any time. */
  readonly standbys: Map<string, Standby>;
  /** Keys of peers whose routers use the one that they have made. */
  turned: ReadonlySet<string>;
  /** Routers that are changing their keys just now. */
  changing: number;
  /** Since the agent started: bytes of all its routers, and how often one came or was called offline. */
  readonly totals: { rx: number; tx: number; connected: number; offline: number };
  readonly services: TunnelServices;
}

export interface Place {
  tunnel: Tunnel;
  peer: DesiredPeer;
}

export class Fleet {
  readonly #tunnels = new Map<string, Tunnel>();
  /** Router `namespace/name` → where its peer is. */
  readonly #places = new Map<string, Place>();
  /** TenantTunnel `namespace/name` → its tunnel. */
  readonly #owners = new Map<string, Tunnel>();
  /** Router → uid of one that was taken off its tunnel while this process looked on. */
  readonly #departed = new Map<string, string>();

  tunnels(): IterableIterator<Tunnel> {
    return this.#tunnels.values();
  }

  get size(): number {
    return this.#tunnels.size;
  }

  /** The tunnel by this interface name, made when it is new. */
  ensure(interfaceName: string, now = Number.NEGATIVE_INFINITY): Tunnel {
    const known = this.#tunnels.get(interfaceName);
    if (known !== undefined) return known;
    const tunnel: Tunnel = {
      interfaceName,
      desired: noTunnel,
      placed: 0,
      firstReadAt: now,
      given: undefined,
      givenAt: Number.NEGATIVE_INFINITY,
      refusal: undefined,
      problemSince: undefined,
      goneSince: undefined,
      behindSince: undefined,
      expected: new Expected(),
      attempted: false,
      links: new Map(),
      traffic: new Map(),
      standbys: new Map(),
      turned: new Set(),
      changing: 0,
      totals: { rx: 0, tx: 0, connected: 0, offline: 0 },
      services: {
        given: undefined,
        givenAt: Number.NEGATIVE_INFINITY,
        portProblems: [],
        verdict: undefined,
        badSince: undefined,
      },
    };
    this.#tunnels.set(interfaceName, tunnel);
    return tunnel;
  }

  get(interfaceName: string): Tunnel | undefined {
    return this.#tunnels.get(interfaceName);
  }

  place(routerKey: string): Place | undefined {
    return this.#places.get(routerKey);
  }

  hasDeparted(routerKey: string, uid: string): boolean {
    return this.#departed.get(routerKey) === uid;
  }

  /** The Router is gone, or all has been said of its leaving. */
  forgetDeparted(routerKey: string): void {
    this.#departed.delete(routerKey);
  }

  ownedBy(tenantTunnelKey: string): Tunnel | undefined {
    return this.#owners.get(tenantTunnelKey);
  }

  /**
   * Takes over what a tunnel should be. An incomplete reading takes no router away. Returns the keys of the Routers
   * that came, went or changed. `begin` makes the link of a peer that is new.
   */
  update(tunnel: Tunnel, desired: DesiredTunnel, begin: (router: HandoverPeer) => Link): string[] {
    const before = tunnel.desired;
    const peers =
      desired.problems.length === 0 ? desired.peers : new Map([...before.peers, ...desired.peers]);
    tunnel.desired = { ...desired, handover: desired.handover ?? before.handover, peers, changes: undefined };
    const ownerBefore = ownerOf(before);
    const owner = ownerOf(tunnel.desired);
    if (ownerBefore !== undefined && ownerBefore !== owner) this.#owners.delete(ownerBefore);
    if (owner !== undefined) this.#owners.set(owner, tunnel);
    const keys = differing(before.peers, { peers, changes: desired.changes });
    const links = linksCarriedOver(tunnel, keys, before.peers, peers);
    for (const publicKey of keys) this.#takeAway(tunnel, publicKey, before.peers, peers);
    for (const publicKey of keys) this.#bring(tunnel, publicKey, before.peers, peers, begin);
    for (const [publicKey, link] of links) tunnel.links.set(publicKey, link);
    followStandbys(tunnel, keys);
    const routers = keys.flatMap((key) => (peers.get(key) ?? before.peers.get(key))?.router ?? []);
    const isMended = before.problems.length > 0 && desired.problems.length === 0;
    return [...new Set([...routers.map(routerKey), ...(isMended ? this.#restore(tunnel, peers) : [])])];
  }

  #takeAway(tunnel: Tunnel, publicKey: string, before: DesiredPeers, peers: DesiredPeers): void {
    const router = before.get(publicKey)?.router;
    if (router === undefined || peers.has(publicKey)) return;
    tunnel.links.delete(publicKey);
    tunnel.traffic.delete(publicKey);
    const key = routerKey(router);
    if (this.#places.get(key)?.peer.router.publicKey !== publicKey) return;
    this.#places.delete(key);
    this.#departed.set(key, router.uid);
  }

  #bring(
    tunnel: Tunnel,
    publicKey: string,
    before: DesiredPeers,
    peers: DesiredPeers,
    begin: (router: HandoverPeer) => Link,
  ): void {
    const peer = peers.get(publicKey);
    if (peer === undefined) return;
    if (before.get(publicKey)?.router.uid !== peer.router.uid) {
      tunnel.links.set(publicKey, begin(peer.router));
    }
    const key = routerKey(peer.router);
    this.#places.set(key, { tunnel, peer });
    this.#departed.delete(key);
  }

  /** Two peers may have named one Router while it could not be told which was right. */
  #restore(tunnel: Tunnel, peers: DesiredPeers): string[] {
    const restored: string[] = [];
    for (const peer of peers.values()) {
      const key = routerKey(peer.router);
      const place = this.#places.get(key);
      const isRight =
        place !== undefined && place.tunnel.desired.peers.get(place.peer.router.publicKey) === place.peer;
      if (isRight) continue;
      this.#places.set(key, { tunnel, peer });
      this.#departed.delete(key);
      restored.push(key);
    }
    return restored;
  }

  /** Begins every link anew, from what is known of the routers now. */
  renewLinks(begin: (router: HandoverPeer) => Link): void {
    for (const { desired, links } of this.#tunnels.values()) {
      for (const [publicKey, { router }] of desired.peers) links.set(publicKey, begin(router));
    }
  }

  /** Forgets a tunnel; returns the keys of its Routers. */
  remove(tunnel: Tunnel): string[] {
    const keys: string[] = [];
    for (const { router } of tunnel.desired.peers.values()) {
      const key = routerKey(router);
      if (this.#places.get(key)?.tunnel === tunnel) this.#places.delete(key);
      keys.push(key);
    }
    const owner = ownerOf(tunnel.desired);
    if (owner !== undefined && this.#owners.get(owner) === tunnel) this.#owners.delete(owner);
    this.#tunnels.delete(tunnel.interfaceName);
    return keys;
  }

  /** The sidecar may have lost what it was given: all of it is given again. */
  forgetGiven(): void {
    for (const tunnel of this.#tunnels.values()) {
      tunnel.given = undefined;
      tunnel.services.given = undefined;
    }
  }
}

/** A router whose key has become the one that it had made is the same that it was, and as connected. */
function linksCarriedOver(
  { links }: Tunnel,
  keys: readonly string[],
  before: DesiredPeers,
  peers: DesiredPeers,
): [string, Link][] {
  return keys.flatMap((key): [string, Link][] => {
    const had = before.get(key);
    const link = links.get(key);
    if (had?.next === undefined || link === undefined || peers.has(key)) return [];
    return peers.get(had.next)?.router.uid === had.router.uid ? [[had.next, link]] : [];
  });
}

export const routerKey = (router: { namespace: string; name: string }): string =>
  `${router.namespace}/${router.name}`;

/** `namespace/name` of the TenantTunnel behind a tunnel. */
export function ownerOf({ handover }: DesiredTunnel): string | undefined {
  return handover === undefined ? undefined : routerKey(handover.tenantTunnel);
}
