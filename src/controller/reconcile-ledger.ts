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
    if (changed !== undefined) wakeBlockHandover(world, changed.tunnel, changed.block);
    const all = [...world.ledger.tunnels.values()];
    for (const entry of all.filter(({ index }) => changed === undefined || index === changed.tunnel)) {
      wakeTunnelHandover(world, entry.index);
      world.controllers.tunnels.enqueue(entry.owner, BULK);
      const tunnel = world.caches.tunnels.get(entry.owner);
      if (tunnel !== undefined) wakeRoutersOf(world, tunnel, BULK);
    }
    return undefined;
  };

/** The longest wait between two looks at the quarantined tunnels, ms. */
const LOOK_MS = 3_600_000;
const SOONEST_MS = 1000;

/** Forgets tunnels whose quarantine is over; one key, `all`. */
export const reconcileQuarantine =
  (world: World): Reconcile =>
  async () => {
    let next = LOOK_MS;
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
