import type { PeerSettings, Peers } from '../device/device.ts';
import { covers, formatNetwork, type Network, parseCidr } from '../ipv4.ts';
import type { Peer, PeerChange } from '../protocol.ts';

export interface PeerPlan {
  /** Public keys. */
  remove: string[];
  set: Map<string, PeerSettings>;
}

export const toSettings = ({ allowedIPs, presharedKey }: Peer): PeerSettings =>
  presharedKey === undefined ? { allowedIPs } : { allowedIPs, presharedKey };

export function sameSettings(a: PeerSettings | undefined, b: PeerSettings): boolean {
  if (a === undefined || a.presharedKey !== b.presharedKey) return false;
  if (a.allowedIPs.length !== b.allowedIPs.length) return false;
  const networks = new Set(a.allowedIPs);
  return b.allowedIPs.every((network) => networks.has(network));
}

/**
 * What leads from the peers there are to those there should be. Unchanged peers are not named. Those that go, go
 * first; among those that are set the order does not matter, since each is set with all of its networks and no two
 * desired peers share one: whatever a network is taken from on the way either goes or is set itself.
 */
export function diffPeers(observed: Peers, desired: Peers): PeerPlan {
  const remove = [...observed.keys()].filter((key) => !desired.has(key));
  const set = new Map([...desired].filter(([key, settings]) => !sameSettings(observed.get(key), settings)));
  return { remove, set };
}

/**
 * The peers of one tunnel as they are known to be, so that a change to a few among 65,000 need not read them all.
 * A network has one owner, as in WireGuard's own table: who is set with it takes it from whoever had it.
 */
export class PeerTable {
  readonly #peers = new Map<string, PeerSettings>();
  readonly #owners = new Map<string, string>();

  constructor(peers: Peers) {
    this.apply({ remove: [], set: new Map(peers) });
  }

  get peers(): Peers {
    return this.#peers;
  }

  /** Whether some peer has this network. */
  has(network: string): boolean {
    return this.#owners.has(network);
  }

  /** Whether some peer has a network in which this address lies. */
  leadsTo(address: number): boolean {
    for (let length = 32; length >= 0; length -= 1) {
      const base = address - (address % 2 ** (32 - length));
      if (this.#owners.has(formatNetwork({ address: base, base, length }))) return true;
    }
    return false;
  }

  /** What a requested change comes to here: what is so already is left out. */
  plan({ set, remove }: PeerChange): PeerPlan {
    const changed = set.filter((peer) => !sameSettings(this.#peers.get(peer.publicKey), peer));
    return {
      remove: [...new Set(remove)].filter((key) => this.#peers.has(key)),
      set: new Map(changed.map((peer) => [peer.publicKey, toSettings(peer)])),
    };
  }

  /** Networks that the peers of a plan have now. */
  networksOf(plan: PeerPlan): string[] {
    const keys = [...plan.remove, ...plan.set.keys()];
    return keys.flatMap((key) => this.#peers.get(key)?.allowedIPs ?? []);
  }

  apply(plan: PeerPlan): void {
    for (const key of [...plan.remove, ...plan.set.keys()]) this.#release(key);
    for (const [key, settings] of plan.set) {
      for (const network of settings.allowedIPs) this.#take(network, key);
      this.#peers.set(key, settings);
    }
  }

  #release(key: string): void {
    for (const network of this.#peers.get(key)?.allowedIPs ?? []) this.#owners.delete(network);
    this.#peers.delete(key);
  }

  #take(network: string, key: string): void {
    const owner = this.#owners.get(network);
    const had = owner === undefined ? undefined : this.#peers.get(owner);
    if (owner !== undefined && had !== undefined) {
      this.#peers.set(owner, { ...had, allowedIPs: had.allowedIPs.filter((other) => other !== network) });
    }
    this.#owners.set(network, key);
  }
}

/** Networks that need a route of their own, since no address of the tunnel already covers them. */
export function routesOf(networks: Iterable<string>, subnets: readonly Network[]): string[] {
  const behind = [...networks].filter((text) => {
    const network = parseCidr(text);
    return network !== undefined && !subnets.some((subnet) => covers(subnet, network));
  });
  return [...new Set(behind)].sort();
}
