import { isLive, parseBlockName, type TunnelEntry } from '../allocation/index.ts';
import { DEFAULT_QUARANTINE_SECONDS } from '../api/index.ts';
import { findCondition, keyOf, nameOf, type Reconcile } from '../kube/index.ts';
import { BULK, QUARANTINE, type World, wakeClasses, wakeRoutersOf, wakeWholeHandover } from './world.ts';

/**
 * A ledger object that someone else changed: deleted or cut, it is written again from memory; what it now says, or
 * that it cannot be read any more, shows in the tunnels it is about. Keys are `namespace/name`.
 */
export const reconcileLedgerObject =
  (world: World): Reconcile =>
  async (key) => {
    const { name } = nameOf(key);
    if (world.ledger.isAmiss(name)) {
      world.logger.warn(
        { secret: key },
        'a ledger Secret was deleted or cut by someone else; writing it again',
      );
      await world.ledger.mend(name);
    }
    const place = parseBlockName(name);
    if (place !== undefined) world.controllers.handover.enqueue(`${place.tunnel}/${place.block}`);
    const changed = place?.tunnel;
    for (const entry of world.ledger.tunnels.values()) {
      if (changed === undefined || entry.index === changed) wakeTunnel(world, entry);
    }
    if (changed !== undefined) {
      // A write that was under way for long may bring back what is forgotten.
      if (world.ledger.isUnknown(changed)) world.controllers.quarantine.enqueue(QUARANTINE);
      return undefined;
    }
    world.controllers.quarantine.enqueue(QUARANTINE);
    wakeClasses(world);
    // Those also of which the ledger had no record that could be read.
    for (const tunnel of world.caches.tunnels.list()) {
      world.controllers.tunnels.enqueue(keyOf(tunnel), BULK);
      wakeRoutersOf(world, tunnel, BULK);
    }
    return undefined;
  };

function wakeTunnel(world: World, { index, owner }: TunnelEntry): void {
  const { caches, controllers, ledger } = world;
  controllers.tunnels.enqueue(owner, BULK);
  const tunnel = caches.tunnels.get(owner);
  if (tunnel !== undefined) wakeRoutersOf(world, tunnel, BULK);
  wakeWholeHandover(world, index, BULK);
  // Another leader may have released what this one has to forget in time.
  controllers.secrets.enqueue(String(index), BULK);
  // Also those that were deleted while the ledger could not be read.
  for (const block of ledger.liveBlocks(index)) {
    for (const { entry } of ledger.claimsIn(index, block)) controllers.routers.enqueue(entry.owner, BULK);
  }
}

/** The longest wait between two looks at the quarantined tunnels, ms. */
const LOOK_MS = 3_600_000;
const SOONEST_MS = 1000;

/** Forgets tunnels whose quarantine is over. */
export const reconcileQuarantine =
  (world: World): Reconcile =>
  async () => {
    let next = LOOK_MS;
    const over = world.ledger.leftovers();
    for (const entry of [...world.ledger.tunnels.values()].filter((entry) => !isLive(entry))) {
      const quarantineSeconds =
        world.caches.classes.get(entry.className)?.spec.quarantineSeconds ?? DEFAULT_QUARANTINE_SECONDS;
      const end = Date.parse(entry.releasedAt ?? '') + quarantineSeconds * 1000;
      const left = end - world.now().getTime();
      if (left > 0) next = Math.min(next, left);
      else over.push(entry.index);
    }
    // One whose objects cannot be removed holds up no other.
    const forgotten = await Promise.allSettled(over.map((index) => world.ledger.forgetTunnel(index)));
    if (over.length > 0) wakeThoseThatWait(world);
    for (const outcome of forgotten) if (outcome.status === 'rejected') throw outcome.reason;
    return { requeueAfterMs: Math.max(SOONEST_MS, next) };
  };

/** Subnets and ports have come free. */
function wakeThoseThatWait(world: World): void {
  wakeClasses(world);
  for (const tunnel of world.caches.tunnels.list()) {
    const allocated = findCondition(tunnel.status?.conditions, 'Allocated');
    if (allocated?.status === 'False') world.controllers.tunnels.enqueue(keyOf(tunnel), BULK);
  }
}
