import {
  ANNOTATION_BACKUP_OF,
  ANNOTATION_ROUTER_GONE,
  backupPrefix,
  DEFAULT_BACKUPS_KEPT,
} from '../../api/index.ts';
import {
  isApiError,
  type KubeObject,
  nameOf,
  type Reconcile,
  type ReconcileResult,
  secrets,
} from '../../kube/index.ts';
import { tenantOf } from '../find-tunnel.ts';
import type { World } from '../world.ts';
import { planBackups } from './plan-backups.ts';
import { backupsByRouter } from './walk.ts';

export const BACKUPS = 'all';

/** Of one look: some hundred thousand of them take a minute. */
export const WALK_LIMIT_MS = 600_000;
/** While a class asks for backups, ms. */
export const LOOK_MS = 3_600_000;
/** Else, for what is left of earlier ones. */
const IDLE_LOOK_MS = 24 * LOOK_MS;

/** Deletes copies of configurations that are over: more than the class keeps, and of Routers long gone. One key. */
export const reconcileBackups =
  (world: World): Reconcile =>
  async (_key, { signal }): Promise<ReconcileResult> => {
    const { client, backupNamespace, caches, logger } = world;
    const isUsed = caches.classes.list().some(({ spec }) => spec.router.backup !== undefined);
    try {
      for await (const { prefix, backups } of backupsByRouter(client, backupNamespace, signal))
        await keepSome(world, prefix, backups, signal);
    } catch (error) {
      // A namespace or a right that the chart of this version brings; or a page came too late: from the start again then.
      if (!isApiError(error, 'NotFound', 'Forbidden', 'Expired')) throw error;
      logger.warn({ err: error }, 'Could not look through the copies of configurations.');
    }
    return { requeueAfterMs: isUsed ? LOOK_MS : IDLE_LOOK_MS };
  };

async function keepSome(
  world: World,
  prefix: string,
  backups: readonly KubeObject[],
  signal: AbortSignal,
): Promise<void> {
  const { client, backupNamespace: namespace, now } = world;
  const plan = planBackups({ backups, keep: keepOf(world, prefix, backups), now: now().getTime() });
  for (const { metadata } of plan.delete) {
    const { name, uid } = metadata;
    await client.delete(secrets, { namespace, name }, { uid, signal });
  }
  if (plan.note === undefined) return;
  const { on, gone = null } = plan.note;
  const patch = { metadata: { annotations: { [ANNOTATION_ROUTER_GONE]: gone } } };
  await client.patch(secrets, { namespace, name: on.metadata.name }, patch, { signal });
}

/** Undefined for a Router that is gone. What is not in the cache is deleted only after weeks. */
function keepOf(
  { caches, ledger }: World,
  prefix: string,
  backups: readonly KubeObject[],
): number | undefined {
  const key = backups[0]?.metadata.annotations?.[ANNOTATION_BACKUP_OF] ?? '';
  const { namespace = '', name } = nameOf(key);
  // An object that says another Router than its name does is nobody's.
  const router = backupPrefix({ namespace, name }) === prefix ? caches.routers.get(key) : undefined;
  if (router === undefined) return undefined;
  const tunnel = caches.tunnels.get(router.status?.tunnel ?? '');
  const entry = tunnel && ledger.tunnelOfTenant(tenantOf(tunnel));
  return caches.classes.get(entry?.className ?? '')?.spec.router.backup?.keep ?? DEFAULT_BACKUPS_KEPT;
}
