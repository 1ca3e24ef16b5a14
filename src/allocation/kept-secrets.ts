import { type AddressEntry, type Block, withEntry, withoutSecrets } from './block.ts';
import { isLive } from './tunnel-entry.ts';

/**
 * Whether the entry of a Router that is gone still has all that the router in the field lives by: a Router of the same
 * name that comes back, as out of a backup, gets it, and nobody has to paste anything.
 */
export const hasKeptSecrets = (entry: AddressEntry): boolean => !isLive(entry) && entry.access !== undefined;

const oldest = new WeakMap<Block, number>();

/** When the first of the Routers went whose secrets are still kept: ms since 1970, Infinity where there is none. */
export function oldestSecrets(block: Block): number {
  const known = oldest.get(block);
  if (known !== undefined) return known;
  const times = [...block.entries.values()].filter(hasKeptSecrets).map(releasedMs);
  const first = Math.min(...times);
  oldest.set(block, first);
  return first;
}

/** The block without the secrets of Routers that went at `limit`, ms since 1970, or before. */
export function forgetSecrets(block: Block, limit: number): Block {
  return [...block.entries.values()]
    .filter((entry) => hasKeptSecrets(entry) && releasedMs(entry) <= limit)
    .map(withoutSecrets)
    .reduce(withEntry, block);
}

const releasedMs = ({ releasedAt = '' }: AddressEntry): number => Date.parse(releasedAt);
