import { isLive } from '../allocation/index.ts';
import { DEFAULT_QUARANTINE_SECONDS, DEFAULT_RESTORE_GRACE_SECONDS } from '../api/index.ts';
import type { Reconcile } from '../kube/index.ts';
import { type World, wakeBlockHandover } from './world.ts';

/** How soon and how late the next look comes, ms. */
const SOONEST_MS = 1000;
const LATEST_MS = 3_600_000;

/** How long the secrets of a tunnel's deleted Routers are kept: no longer than their addresses are. */
export function restoreGraceSeconds({ caches, ledger }: World, tunnel: number): number {
  const spec = caches.classes.get(ledger.tunnels.get(tunnel)?.className ?? '')?.spec;
  return Math.min(
    spec?.restoreGraceSeconds ?? DEFAULT_RESTORE_GRACE_SECONDS,
    spec?.quarantineSeconds ?? DEFAULT_QUARANTINE_SECONDS,
  );
}

/**
 * Forgets the secrets of Routers that were deleted and did not come back, and sees to passwords that have served their
 * time. Keys are indices of tunnels.
 */
export const reconcileKeptSecrets =
  (world: World): Reconcile =>
  async (key) => {
    const index = Number(key);
    const due = await world.ledger.forgetSecrets(index, restoreGraceSeconds(world, index));
    const isScheduled = await notePasswordsDue(world, index);
    if (due === Number.POSITIVE_INFINITY) return isScheduled ? { requeueAfterMs: LATEST_MS } : undefined;
    const left = due - world.now().getTime();
    return { requeueAfterMs: Math.min(LATEST_MS, Math.max(SOONEST_MS, left)) };
  };

/** Whether the tunnel's class has a schedule, which is looked at each hour. */
async function notePasswordsDue(world: World, index: number): Promise<boolean> {
  const { caches, ledger } = world;
  const entry = ledger.tunnels.get(index);
  const days = caches.classes.get(entry?.className ?? '')?.spec.router.passwordDays;
  if (entry === undefined || days === undefined || !isLive(entry)) return false;
  for (const block of await ledger.notePasswordsDue(index, days)) wakeBlockHandover(world, index, block);
  return true;
}

/** After a release: a look when its time is over. */
export function wakeKeptSecrets(world: World, tunnel: number): void {
  const ms = restoreGraceSeconds(world, tunnel) * 1000;
  world.controllers.secrets.queue.addAfter(String(tunnel), Math.min(LATEST_MS, Math.max(SOONEST_MS, ms)));
}
