import { isLive } from '../allocation/index.ts';
import { type Router, TENANT_TUNNELS, type TenantTunnel } from '../api/index.ts';
import { type Change, isApiError, keyOf, type ReconcileContext, refOf } from '../kube/index.ts';
import { isAsMade, tenantOf, tunnelRefKey } from './find-tunnel.ts';
import { type World, wakeTunnelsOf } from './world.ts';

/**
 * Whether the tunnel that has a tenant leaves it to another. Helm and others apply Routers before the TenantTunnel that
 * is meant for them, and the tenant had one made: the one that somebody wrote takes its place, with the numbers that the
 * routers were given. Only in one namespace, or a tenant could take another's tunnel by writing one.
 */
export function yieldsTo(world: World, holder: TenantTunnel, other: TenantTunnel): boolean {
  const isOfOneNamespace = holder.metadata.namespace === other.metadata.namespace;
  return isOfOneNamespace && isNobodys(world, holder) && !isAsMade(other);
}

/**
 * Removes a tunnel that this program made, and whose tenant another has: two Routers of a new tenant in two namespaces may
 * each have had one made, and one may have been written meanwhile.
 *
 * @returns whether it is gone
 */
export async function removeSuperseded(
  world: World,
  tunnel: TenantTunnel,
  context: ReconcileContext,
): Promise<boolean> {
  const { caches, client, events, ledger, logger } = world;
  const entry = ledger.tunnelOfTenant(tenantOf(tunnel));
  const holder = entry && isLive(entry) ? caches.tunnels.get(entry.owner) : undefined;
  if (holder === undefined || keyOf(holder) === keyOf(tunnel) || !isNobodys(world, tunnel)) return false;
  const { uid, resourceVersion } = tunnel.metadata;
  try {
    await client.delete(TENANT_TUNNELS, tunnel.metadata, { uid, resourceVersion, signal: context.signal });
  } catch (error) {
    // Somebody has written into it, or made another of its name: the cache will tell.
    if (isApiError(error, 'Conflict')) return true;
    // A policy keeps it, or a role from before: its status says why it has nothing to give.
    if (isApiError(error, 'Forbidden')) return false;
    throw error;
  }
  context.deleted(caches.tunnels, tunnel);
  const [key, other] = [keyOf(tunnel), keyOf(holder)];
  logger.info(
    { tunnel: key, holder: other },
    'removed a tunnel that was made for a tenant which has another',
  );
  events.record({
    regarding: refOf(holder),
    type: 'Normal',
    reason: 'TunnelSuperseded',
    action: 'RemoveTunnel',
    note: `TenantTunnel ${key}, which was made when tenant ${tenantOf(tunnel)} had none, was removed: the tenant has ${other}.`,
  });
  return true;
}

/** A Router no longer names what it named: if that was made by this program it may yield now, or be removed. */
export function wakeUnnamed(world: World, change: Change<Router>): void {
  const before = change.type === 'deleted' ? change.object : change.old;
  const named = before && tunnelRefKey(before);
  if (named === undefined || (change.type !== 'deleted' && tunnelRefKey(change.object) === named)) return;
  const tunnel = world.caches.tunnels.get(named);
  if (tunnel !== undefined && isAsMade(tunnel)) wakeTunnelsOf(world, tenantOf(tunnel));
}

/** Made by this program, as it was then, and meant by no Router in particular. */
const isNobodys = ({ caches }: World, tunnel: TenantTunnel): boolean =>
  isAsMade(tunnel) && caches.routers.byIndex('tunnelRef', keyOf(tunnel)).length === 0;
