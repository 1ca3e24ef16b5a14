/** The peers of a tunnel out of its blocks: all anew, or, as nearly always, the few that are different. */
import type { HandoverPeer } from '../api/index.ts';
import { overlapping, type PeerNetwork } from './distinct-networks.ts';
import type { Block, DesiredPeer } from './handover-block.ts';
import type { Problem } from './problem.ts';

/** Public key → peer. */
export type DesiredPeers = ReadonlyMap<string, DesiredPeer>;

/** In what a reading is another one than an earlier one: by these keys alone. */
export interface PeerChanges {
  from: DesiredPeers;
  keys: readonly string[];
}

export interface TunnelPeers {
  peers: DesiredPeers;
  /** Absent where all of it was read anew. */
  changes?: PeerChanges;
  problems: Problem[];
}

/** Keys under which there is something else than there was before. */
export function differing(
  before: DesiredPeers,
  { peers, changes }: Pick<TunnelPeers, 'peers'> & { changes?: PeerChanges | undefined },
): readonly string[] {
  if (before === peers) return [];
  if (changes?.from === before) return changes.keys;
  const gone = [...before.keys()].filter((key) => !peers.has(key));
  return [...gone, ...[...peers.keys()].filter((key) => before.get(key) !== peers.get(key))];
}

/** By their numbers. */
export type Blocks = ReadonlyMap<number, Block>;

interface Whole {
  blocks: Blocks;
  peers: DesiredPeers;
  /** Address → public key. */
  owners: Map<string, string>;
}

/** So many changed blocks are read faster with all the others. */
const MOST_CHANGED = 16;

/**
 * The union of a tunnel's blocks. Of 65,000 peers it takes tens of milliseconds, and one more peer a few: as long as no two
 * peers are in each other's way, only what has changed is looked at.
 */
export class PeerUnion {
  /** Undefined where the last one was not free of conflicts. */
  #last: Whole | undefined;

  of(index: number, blocks: Blocks): TunnelPeers {
    const last = this.#last;
    this.#last = undefined;
    return (last && this.#next(last, blocks)) ?? this.#anew(index, blocks);
  }

  /** Undefined where that cannot be told without a look at all of them. */
  #next(last: Whole, blocks: Blocks): TunnelPeers | undefined {
    const changed = [...new Set([...last.blocks.keys(), ...blocks.keys()])].filter(
      (number) => last.blocks.get(number) !== blocks.get(number),
    );
    if (changed.length > MOST_CHANGED) return undefined;
    const before = new Set(changed.flatMap((number) => last.blocks.get(number)?.peers ?? []));
    const after = new Set(changed.flatMap((number) => blocks.get(number)?.peers ?? []));
    const gone = [...before].filter((desired) => !after.has(desired));
    const come = [...after].filter((desired) => !before.has(desired));
    const isAlike = gone.length === 0 && come.length === 0;
    const peers = isAlike ? last.peers : new Map(last.peers);
    const { owners } = last;
    for (const { router } of gone) {
      (peers as Map<string, DesiredPeer>).delete(router.publicKey);
      owners.delete(router.address);
    }
    for (const desired of come) {
      const { publicKey, address } = desired.router;
      if (peers.has(publicKey) || owners.has(address)) return undefined;
      (peers as Map<string, DesiredPeer>).set(publicKey, desired);
      owners.set(address, publicKey);
    }
    const touchesNetworks = [...gone, ...come].some(({ router }) => router.allowedIPs.length > 1);
    if (touchesNetworks && overlapping(networksOf(blocks)).size > 0) return undefined;
    if ([...blocks.values()].some(({ problems }) => problems.length > 0)) return undefined;
    this.#last = { blocks, peers, owners };
    const keys = [...new Set([...gone, ...come].map(({ router }) => router.publicKey))];
    return { peers, changes: { from: last.peers, keys }, problems: [] };
  }

  #anew(index: number, blocks: Blocks): TunnelPeers {
    const peers = new Map<string, DesiredPeer>();
    const owners = new Map<string, string>();
    const problems: Problem[] = [];
    for (const [number, block] of blocks) {
      problems.push(...block.problems);
      for (const desired of block.peers) {
        const { publicKey, address } = desired.router;
        const taken = peers.has(publicKey) ? `the public key ${publicKey}` : owners.has(address) && address;
        if (taken) problems.push(duplicate(index, number, desired.router, taken));
        else {
          peers.set(publicKey, desired);
          owners.set(address, publicKey);
        }
      }
    }
    const overlaps = overlapping(networksOf(blocks));
    for (const [publicKey, taken] of overlaps) {
      const desired = peers.get(publicKey);
      if (desired !== undefined) peers.set(publicKey, without(desired, taken));
    }
    if (problems.length === 0 && overlaps.size === 0) this.#last = { blocks, peers, owners };
    return { peers, problems };
  }
}

const networksOf = (blocks: Blocks): PeerNetwork[] =>
  [...blocks.values()].flatMap(({ networks }) => networks);

function without(desired: DesiredPeer, networks: ReadonlySet<string>): DesiredPeer {
  const allowedIPs = desired.peer.allowedIPs.filter((text) => !networks.has(text));
  return { ...desired, peer: { ...desired.peer, allowedIPs } };
}

function duplicate(index: number, block: number, router: HandoverPeer, what: string): Problem {
  return {
    reason: 'ProgrammingFailed',
    message: `ConfigMap tunnel-${index}-peers-${block} gives Router ${router.namespace}/${router.name} ${what}, which another Router has. The first keeps it; the controller mends the ConfigMap.`,
  };
}
