import type { MadeKey } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { claimOf } from './confirm-claim.ts';
import { madeKeyOf } from './made-key.ts';
import type { World } from './world.ts';

/** How long what the routers of one block prove is gathered into one write, ms: nobody waits for it. */
const GATHER_MS = 5_000;
/** Those that are a little late still go with the others. */
const LATE_MS = 1_000;

/** Until when each block gathers: `tunnel/block` → ms. */
export type Gathering = Map<string, number>;

/** What is to be noted: the number of the password that a router was found to have, and a key that it has made. */
export interface Proven {
  /** There is something to be noted now. */
  isDue?: boolean;
  proven?: number | undefined;
  madeKey?: MadeKey | undefined;
}

/** What is to be made of what a router was found to have: noted now, or looked at again after `waitMs`. */
export function provenSecrets(world: World, router: Router): Proven & { waitMs?: number } {
  const proven = router.status?.credentials?.revision;
  const claim = claimOf(world, router);
  const { access } = claim?.entry ?? {};
  const isNews = access?.next !== undefined && proven === (access.revision ?? 0) + 1;
  const madeKey = claim && madeKeyOf(world, router, claim);
  if (claim === undefined || (!isNews && madeKey === undefined)) return {};
  // The ledger is from before it: what it has meanwhile would cut the router off.
  if (madeKey?.inUse && router.status?.publicKey === madeKey.publicKey)
    return { proven, madeKey, isDue: true };
  const now = world.now().getTime();
  const key = `${claim.tunnel}/${claim.block}`;
  const until = world.gathering.get(key);
  if (until === undefined || now > until + LATE_MS) {
    world.gathering.set(key, now + GATHER_MS);
    return { waitMs: GATHER_MS };
  }
  return now < until ? { waitMs: until - now } : { proven, madeKey, isDue: true };
}
