import type { Block } from './block.ts';
import { routerOffsets } from './geometry.ts';
import type { Network } from './ipv4.ts';
import { isLive } from './tunnel-entry.ts';

/** How full a tunnel's subnet is. */
export interface AddressUse {
  /** Addresses that routers may have. */
  readonly total: number;
  /** Those of them that a new router does not get: of live routers, and in quarantine. */
  readonly taken: number;
  /** When the next one leaves quarantine, ms since 1970; absent where none is in it. */
  readonly freeAt?: number;
}

interface Entries {
  readonly live: number;
  /** When the others were released, ms since 1970. */
  readonly releasedAt: readonly number[];
}

const known = new WeakMap<Block, Entries>();

/** Asked after each claim in a tunnel of 255 blocks, so what a block says is kept with it. */
function entriesOf(block: Block): Entries {
  const before = known.get(block);
  if (before !== undefined) return before;
  const all = [...block.entries.values()];
  const releasedAt = all.flatMap((entry) => (isLive(entry) ? [] : [Date.parse(entry.releasedAt ?? '')]));
  const entries = { live: all.length - releasedAt.length, releasedAt };
  known.set(block, entries);
  return entries;
}

export function addressUse(
  subnet: Network,
  blocks: Iterable<Block>,
  now: Date,
  quarantineSeconds: number,
): AddressUse {
  const { first, last } = routerOffsets(subnet);
  let taken = 0;
  let freeAt = Number.POSITIVE_INFINITY;
  for (const block of blocks) {
    const { live, releasedAt } = entriesOf(block);
    taken += live;
    for (const at of releasedAt) {
      const end = at + quarantineSeconds * 1000;
      if (end <= now.getTime()) continue;
      taken++;
      freeAt = Math.min(freeAt, end);
    }
  }
  return { total: last - first + 1, taken, ...(freeAt !== Number.POSITIVE_INFINITY && { freeAt }) };
}
