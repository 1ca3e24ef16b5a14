import { createHash } from 'node:crypto';
import type { TunnelEntry } from '../allocation/index.ts';
import {
  ALL_NAMESPACES,
  API_VERSION,
  type ConditionReason,
  type Router,
  type TenantTunnel,
  type TenantTunnelManifest,
} from '../api/index.ts';
import { keyOf, nameOf } from '../kube/index.ts';

/** What keeps a thing from being given what it asks for; the message says what to do. */
export interface Refusal {
  reason: ConditionReason;
  message: string;
}

/**
 * Routers whose number must not hold up others': those of one namespace that name one tunnel. By namespace as well, since
 * anybody may name a tenant that is not theirs.
 */
export function routerFlow(key: string, router: Router | undefined): string {
  const { tenant, tunnelRef } = router?.spec ?? {};
  const tunnel = tenant ?? (tunnelRef && `${tunnelRef.namespace ?? ''}/${tunnelRef.name}`);
  return `${nameOf(key).namespace} ${tunnel ?? ''}`;
}

export type FoundTunnel =
  | { found: TenantTunnel }
  | { create: TenantTunnelManifest & { metadata: { namespace: string } } }
  /** `isAwaited`: it may be on its way back; what its routers were given stays as it is. */
  | { refused: Refusal; isAwaited?: true };

/** What a Router's tunnel is looked up in. */
export interface TunnelLookup {
  get: (key: string) => TenantTunnel | undefined;
  /** All TenantTunnels of a tenant. */
  ofTenant: (tenant: string) => TenantTunnel[];
  /** Key of the TenantTunnel that holds the tenant in the ledger. */
  holderOf: (tenant: string) => string | undefined;
  /** Key of the TenantTunnel of a tenant that somebody wrote, and that is gone for a while at most. */
  awaitedOf: (tenant: string) => string | undefined;
}

/** Labels a tunnel that nobody wrote a manifest for. */
export const MADE_BY_LABEL = { 'app.kubernetes.io/managed-by': 'tenant-tunnel-operator' };

export const tenantOf = ({ spec, metadata }: TenantTunnel | TenantTunnelManifest): string =>
  spec.tenant ?? metadata.name;

/** Key of the TenantTunnel that a Router names. */
export function tunnelRefKey({ spec, metadata }: Pick<Router, 'spec' | 'metadata'>): string | undefined {
  const { tunnelRef } = spec;
  return tunnelRef && `${tunnelRef.namespace ?? metadata.namespace}/${tunnelRef.name}`;
}

/** The order of claims: who was first is in the right. */
export function older<
  T extends { metadata: { creationTimestamp: string; namespace?: string; name: string } },
>(a: T, b: T): number {
  return compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) || compare(keyOf(a), keyOf(b));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The tunnel that a Router joins, or the manifest of the one that its tenant lacks. */
export function findTunnel(router: Router, tunnels: TunnelLookup): FoundTunnel {
  const { tenant } = router.spec;
  const key = tunnelRefKey(router);
  if (key !== undefined) {
    const tunnel = tunnels.get(key);
    return tunnel === undefined
      ? {
          refused: {
            reason: 'TunnelNotFound',
            message: `TenantTunnel ${key} does not exist; create it, and this Router goes on by itself.`,
          },
        }
      : admit(router, tunnel);
  }
  // The CRD asks for one of the two.
  if (tenant === undefined) throw new Error(`Router ${keyOf(router)} names neither tenant nor tunnelRef.`);
  const rivals = tunnels.ofTenant(tenant).sort(older);
  const holder = tunnels.holderOf(tenant);
  const tunnel = rivals.find((rival) => keyOf(rival) === holder) ?? rivals[0];
  if (tunnel !== undefined) return admit(router, tunnel);
  const awaited = tunnels.awaitedOf(tenant);
  if (awaited !== undefined) return { refused: isAwaited(tenant, awaited), isAwaited: true };
  const { namespace } = router.metadata;
  const nameTaken = tunnels.get(`${namespace}/${tenant}`) !== undefined;
  const suffix = createHash('sha256').update(tenant).digest('hex').slice(0, 8);
  return {
    create: {
      apiVersion: API_VERSION,
      kind: 'TenantTunnel',
      metadata: {
        name: nameTaken ? `${tenant.slice(0, 54)}-${suffix}` : tenant,
        namespace,
        labels: MADE_BY_LABEL,
      },
      spec: { tenant },
    },
  };
}

const isAwaited = (tenant: string, key: string): Refusal => ({
  reason: 'TunnelNotFound',
  message: `TenantTunnel ${key}, which tenant ${tenant} has, is gone; apply it again, or another one for that tenant, and this Router goes on by itself. Routers that were set up before work on.`,
});

/** Whether a tunnel is just what this program makes for a tenant that has none. */
export const isAsMade = ({ metadata, spec }: TenantTunnel): boolean =>
  Object.entries(MADE_BY_LABEL).every(([key, value]) => metadata.labels?.[key] === value) &&
  Object.keys(spec).every((field) => field === 'tenant');

/** A TenantTunnel that is gone may be on its way back: its peers stay until the ledger lets the whole tunnel go. */
export function mayStay(looked: FoundTunnel, tunnel: Pick<TunnelEntry, 'tenant'>): boolean {
  if ('found' in looked) return tenantOf(looked.found) === tunnel.tenant;
  return 'create' in looked || looked.refused.reason === 'TunnelNotFound';
}

function admit(router: Router, tunnel: TenantTunnel): FoundTunnel {
  const allowed = tunnel.spec.allowedNamespaces ?? [];
  const { namespace } = router.metadata;
  if (
    namespace === tunnel.metadata.namespace ||
    allowed.includes(namespace) ||
    allowed.includes(ALL_NAMESPACES)
  ) {
    return { found: tunnel };
  }
  return {
    refused: {
      reason: 'NamespaceNotAllowed',
      message: `TenantTunnel ${keyOf(tunnel)} does not allow Routers of namespace ${namespace}; add it to its spec.allowedNamespaces.`,
    },
  };
}
