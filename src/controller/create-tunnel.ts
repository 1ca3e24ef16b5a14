import { ROUTERS, type Router, TENANT_TUNNELS, type TenantTunnelManifest } from '../api/index.ts';
import { isApiError, type KubeApiError, keyFor, type ReconcileContext, refOf } from '../kube/index.ts';
import { type Refusal, tenantOf } from './find-tunnel.ts';
import { isGone, type World } from './world.ts';

type Manifest = TenantTunnelManifest & { metadata: { namespace: string } };

/**
 * Makes the tunnel that a tenant lacks. A hundred Routers of a new tenant may come at once: one asks, and the others
 * wait for its answer. A refusal is the API server's own.
 */
export async function createTunnel(
  world: World,
  router: Router,
  manifest: Manifest,
  context: ReconcileContext,
): Promise<Refusal | undefined> {
  const key = keyFor(manifest.metadata);
  const asked = world.tunnelsBeingMade.get(key);
  if (asked !== undefined) return asked;
  const asking = ask(world, router, manifest, context).finally(() => world.tunnelsBeingMade.delete(key));
  world.tunnelsBeingMade.set(key, asking);
  return asking;
}

async function ask(
  world: World,
  router: Router,
  manifest: Manifest,
  context: ReconcileContext,
): Promise<Refusal | undefined> {
  const key = keyFor(manifest.metadata);
  const hadTunnel = world.ledger.tunnelOfTenant(tenantOf(manifest)) !== undefined;
  // Of a tenant that is deleted whole the tunnel may be seen to go before its Routers are.
  if (hadTunnel && (await isGone(world, ROUTERS, keyFor(router.metadata), context.signal))) return undefined;
  try {
    const created = await world.client.create<TenantTunnelManifest>(TENANT_TUNNELS, manifest, {
      signal: context.signal,
    });
    context.wrote(world.caches.tunnels, created);
  } catch (error) {
    if (isApiError(error, 'AlreadyExists') || isNamespaceEnding(error)) return undefined;
    if (!isApiError(error, 'Forbidden', 'Invalid', 'BadRequest') || isOwnRoleMissing(error)) throw error;
    return {
      reason: 'TunnelRefused',
      message: `TenantTunnel ${key}, which tenant ${manifest.spec.tenant} lacks, was refused: ${error.message} Create it yourself, or change the quota or policy that refuses it.`,
    };
  }
  world.logger.info({ router: keyFor(router.metadata), tunnel: key }, 'made a tunnel for a new tenant');
  world.events.record({
    regarding: refOf(router),
    type: 'Normal',
    reason: 'TunnelCreated',
    action: 'CreateTunnel',
    note: `Tenant ${manifest.spec.tenant} had no tunnel: TenantTunnel ${key} was made.`,
  });
  return undefined;
}

/** RBAC's words, which it also says of everything for some seconds after the API server has started: to be retried. */
const isOwnRoleMissing = (error: KubeApiError): boolean => error.message.includes('cannot create resource');

/** The API server's NamespaceLifecycle admission: the Router that asks is about to be deleted, too. */
const isNamespaceEnding = (error: unknown): boolean =>
  isApiError(error, 'Forbidden') && error.message.includes('is being terminated');
