import { isLive } from '../allocation/index.ts';
import { TUNNEL_CLASSES } from '../api/index.ts';
import { applyStatusIfChanged, type Reconcile } from '../kube/index.ts';
import { OWNED_CLASS_STATUS, planClassStatus } from './class-status.ts';
import { FIELD_MANAGER, type World } from './world.ts';

/** TunnelClass → its status: whether tunnels can be made from it, and how many live. */
export const reconcileClass =
  (world: World): Reconcile =>
  async (key, context) => {
    const tunnelClass = world.caches.classes.get(key);
    if (tunnelClass === undefined) return undefined;
    const tunnels = [...world.ledger.tunnels.values()].filter(
      (entry) => isLive(entry) && entry.className === key,
    );
    const desired = planClassStatus(tunnelClass, tunnels.length, world.now().getTime());
    const written = await applyStatusIfChanged(world.client, TUNNEL_CLASSES, tunnelClass, desired, {
      fieldManager: FIELD_MANAGER,
      owned: OWNED_CLASS_STATUS,
      signal: context.signal,
    });
    if (written !== undefined) context.wrote(world.caches.classes, written);
    return undefined;
  };
