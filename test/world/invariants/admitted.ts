import type { TunnelEntry } from '../../../src/allocation/index.ts';
import { type Router, TENANT_TUNNELS, type TenantTunnel } from '../../../src/api/index.ts';
import { older } from '../../../src/controller/find-tunnel.ts';
import { keyOf } from '../../../src/kube/index.ts';
import type { ApiServer } from '../api/server.ts';

/** The TenantTunnels that a Router may mean. */
export function meantBy({ spec, metadata }: Router, server: ApiServer): TenantTunnel[] {
  const { tenant, tunnelRef } = spec;
  const key = tunnelRef && `${tunnelRef.namespace ?? metadata.namespace}/${tunnelRef.name}`;
  return server
    .all(TENANT_TUNNELS)
    .filter((tunnel) => (key === undefined ? tenantOf(tunnel) === tenant : keyOf(tunnel) === key));
}

export const tenantOf = ({ spec, metadata }: TenantTunnel): string => spec.tenant ?? metadata.name;

export const allows = (tunnel: TenantTunnel, { metadata: { namespace } }: Router): boolean =>
  [tunnel.metadata.namespace, ...(tunnel.spec.allowedNamespaces ?? [])].some(
    (one) => one === namespace || one === '*',
  );

/** Whether a Router that has a place in a tunnel is a peer there: also while the TenantTunnel is away. */
export function admittedTo(router: Router, { tenant, owner }: TunnelEntry, server: ApiServer): boolean {
  const meant = meantBy(router, server).sort(older);
  const one = meant.find((tunnel) => keyOf(tunnel) === owner) ?? meant[0];
  return one === undefined || (tenantOf(one) === tenant && allows(one, router));
}
