import { TUNNEL_CLASSES } from '../api/index.ts';
import { applyStatusIfChanged, isApiError, type Reconcile } from '../kube/index.ts';
import { classEvent } from './class-events.ts';
import { OWNED_CLASS_STATUS, planClassStatus } from './class-status.ts';
import { clusterRanges } from './cluster-ranges.ts';
import { clusterRanges6 } from './pool6-overlap.ts';
import { LOOK_MS } from './service-ranges.ts';
import { FIELD_MANAGER, type World } from './world.ts';

/** TunnelClass → its status: whether tunnels can be made from it, how many live, and what is left. */
export const reconcileClass =
  (world: World): Reconcile =>
  async (key, context) => {
    const { caches, ledger } = world;
    const tunnelClass = caches.classes.get(key);
    if (tunnelClass === undefined) return undefined;
    const services = await world.serviceRanges.read(context.signal);
    const desired = planClassStatus(
      tunnelClass,
      {
        tunnels: ledger.tunnels.values(),
        classes: caches.classes.list(),
        cluster: clusterRanges(caches.nodes.list(), services),
        cluster6: clusterRanges6(caches.nodes.list(), services),
      },
      world.now().getTime(),
    );
    try {
      const written = await applyStatusIfChanged(world.client, TUNNEL_CLASSES, tunnelClass, desired, {
        fieldManager: FIELD_MANAGER,
        owned: OWNED_CLASS_STATUS,
        signal: context.signal,
      });
      if (written === undefined) return { requeueAfterMs: LOOK_MS };
      context.wrote(caches.classes, written);
    } catch (error) {
      // Deleted, or made again under another uid: the cache will tell.
      if (isApiError(error, 'NotFound', 'Conflict')) return undefined;
      throw error;
    }
    const event = classEvent(tunnelClass, desired);
    if (event !== undefined) world.events.record(event);
    return { requeueAfterMs: LOOK_MS };
  };
