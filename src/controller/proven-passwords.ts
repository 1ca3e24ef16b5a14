import type { Router } from '../api/index.ts';
import { claimOf } from './confirm-claim.ts';
import type { World } from './world.ts';

/** How long what the routers of one block prove is gathered into one write, ms: nobody waits for it. */
const GATHER_MS = 5_000;
/** Those that are a little late still go with the others. */
const LATE_MS = 1_000;

/** Until when each block gathers: `tunnel/block` → ms. */
export type Gathering = Map<string, number>;

/** What is to be made of the password that a router was found to have: noted now, or looked at again after `waitMs`. */
export function provenPassword(
  world: World,
  router: Router,
): { proven?: number | undefined; waitMs?: number } {
  const proven = router.status?.credentials?.revision;
  const claim = claimOf(world, router);
  const { access } = claim?.entry ?? {};
  const isNews = access?.next !== undefined && proven === (access.revision ?? 0) + 1;
  if (claim === undefined || !isNews) return {};
  const now = world.now().getTime();
  const key = `${claim.tunnel}/${claim.block}`;
  const until = world.gathering.get(key);
  if (until === undefined || now > until + LATE_MS) {
    world.gathering.set(key, now + GATHER_MS);
    return { waitMs: GATHER_MS };
  }
  return now < until ? { waitMs: until - now } : { proven };
}
