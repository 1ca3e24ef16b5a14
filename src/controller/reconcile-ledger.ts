import { isLive, parseBlockName } from '../allocation/index.ts';
import { DEFAULT_QUARANTINE_SECONDS } from '../api/index.ts';
import { nameOf, type Reconcile } from '../kube/index.ts';
import { BULK, type World, wakeBlockHandover, wakeRoutersOf, wakeTunnelHandover } from './world.ts';

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
    const changed = parseBlockName(name);
    for (const entry of world.ledger.tunnels.values()) {
      if (changed !== undefined && entry.index !== changed.tunnel) continue;
      world.controllers.tunnels.enqueue(entry.owner, BULK);
      for (const block of new Set([
        ...world.ledger.liveBlocks(entry.index),
        ...(changed ? [changed.block] : []),
      ])) {
        wakeBlockHandover(world, entry.index, block);
        // Also those that were deleted while the ledger could not be read.
        for (const { entry: router } of world.ledger.claimsIn(entry.index, block))
          world.controllers.routers.enqueue(router.owner, BULK);
      }
      wakeTunnelHandover(world, entry.index);
      const tunnel = world.caches.tunnels.get(entry.owner);
      if (tunnel !== undefined) wakeRoutersOf(world, tunnel, BULK);
    }
    return undefined;
  };

/** The longest wait between two looks at the quarantined tunnels, ms. */
const LOOK_MS = 3_600_000;
const SOONEST_MS = 1000;

/** Forgets tunnels whose quarantine is over. */
export const reconcileQuarantine =
  (world: World): Reconcile =>
  async () => {
    let next = LOOK_MS;
    for (const index of world.ledger.leftovers()) await world.ledger.forgetTunnel(index);
    for (const entry of [...world.ledger.tunnels.values()].filter((entry) => !isLive(entry))) {
      const quarantineSeconds =
        world.caches.classes.get(entry.className)?.spec.quarantineSeconds ?? DEFAULT_QUARANTINE_SECONDS;
      const end = Date.parse(entry.releasedAt ?? '') + quarantineSeconds * 1000;
      const left = end - world.now().getTime();
      if (left <= 0) await world.ledger.forgetTunnel(entry.index);
      else next = Math.min(next, left);
    }
    return { requeueAfterMs: Math.max(SOONEST_MS, next) };
  };
