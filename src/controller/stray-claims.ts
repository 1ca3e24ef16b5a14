import type { AddressClaim } from '../allocation/index.ts';
import { ROUTERS, type Router, TENANT_TUNNELS, type TenantTunnel } from '../api/index.ts';
import { type KubeObject, keyOf, nameOf, type ResourceType } from '../kube/index.ts';
import { tenantOf, tunnelRefKey } from './find-tunnel.ts';
import type { World } from './world.ts';

/**
 * What a Router of this name has in tunnels of other tenants: it was deleted and made again for another tenant, or the
 * TenantTunnel that it refers to was.
 */
export function strayClaims(world: World, router: Router): AddressClaim[] {
  const { ledger } = world;
  const tunnel = referredTo(world, router);
  const own = router.spec.tenant ?? (tunnel && tenantOf(tunnel));
  if (own === undefined) return [];
  return ledger.claimsOf(keyOf(router)).filter((claim) => ledger.tunnels.get(claim.tunnel)?.tenant !== own);
}

function referredTo({ caches }: World, router: Router): TenantTunnel | undefined {
  const key = tunnelRefKey(router);
  return key === undefined ? undefined : caches.tunnels.get(key);
}

/** Whether the manifest takes the key away that a Router of this name has, or asks for a fresh script. */
export function losesKey({ ledger }: World, router: Router): boolean {
  const { publicKey, script } = router.spec;
  return ledger.claimsOf(keyOf(router)).some(({ entry }) => {
    if (script?.renew !== undefined && script.renew !== entry.renewed) return true;
    if (publicKey !== undefined) return entry.publicKey !== publicKey;
    return entry.privateKey === undefined && !entry.isOwnKey && entry.recovered?.keyLost !== true;
  });
}

/**
 * Whether the Router, and the TenantTunnel that it refers to, are what is stored now, asked past the caches: one that
 * lags behind, as that of a process that has just begun to lead may, must not cost a router what another leader gave.
 */
export async function isCurrent(world: World, router: Router, signal: AbortSignal): Promise<boolean> {
  const tunnel = referredTo(world, router);
  if (!(await isStored(world, ROUTERS, router, signal))) return false;
  return tunnel === undefined || isStored(world, TENANT_TUNNELS, tunnel, signal);
}

async function isStored<T extends KubeObject>(
  { client }: World,
  type: ResourceType<T>,
  object: T,
  signal: AbortSignal,
): Promise<boolean> {
  const { uid, generation } = object.metadata;
  const stored = await client.get(type, nameOf(keyOf(object)), { signal });
  return stored?.metadata.uid === uid && stored?.metadata.generation === generation;
}
