import { type Router, TENANT_TUNNELS, type TenantTunnel, type TenantTunnelManifest } from '../api/index.ts';
import { type Created, KubeApiError, keyFor, type ReconcileContext, refOf } from '../kube/index.ts';
import type { World } from './world.ts';

/**
 * Makes the tunnel that a tenant lacks. A hundred Routers of a new tenant may come at once: they all ask for the
 * same name, so that one create succeeds and the others find it there.
 */
export async function createTunnel(
  world: World,
  router: Router,
  manifest: TenantTunnelManifest & { metadata: { namespace: string } },
  context: ReconcileContext,
): Promise<void> {
  const key = keyFor(manifest.metadata);
  try {
    const created = await world.client.create(
      TENANT_TUNNELS,
      // The server fills in what a stored object has beyond its manifest.
      manifest as unknown as Created<TenantTunnel>,
      { signal: context.signal },
    );
    context.wrote(world.caches.tunnels, created);
  } catch (error) {
    if (error instanceof KubeApiError && error.code === 'AlreadyExists') return;
    throw error;
  }
  world.logger.info({ router: keyFor(router.metadata), tunnel: key }, 'made a tunnel for a new tenant');
  world.events.record({
    regarding: refOf(router),
    type: 'Normal',
    reason: 'TunnelCreated',
    action: 'CreateTunnel',
    note: `Tenant ${manifest.spec.tenant} had no tunnel: TenantTunnel ${key} was made.`,
  });
}
