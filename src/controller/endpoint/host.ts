import { interfaceNameOf, type TunnelEntry } from '../../allocation/index.ts';
import type { TenantTunnel, TunnelClass } from '../../api/index.ts';

/** What routers of a tunnel connect to, as far as its class says; undefined: what its load balancer gets. */
export function namedHost(
  { spec: { endpoint } }: Pick<TunnelClass, 'spec'>,
  { index }: Pick<TunnelEntry, 'index'>,
): string | undefined {
  const { mode, host } = endpoint;
  if (mode === 'Static' || host === undefined) return host;
  // A name stays with the tunnel as its interface does, wherever it lies.
  return `${interfaceNameOf(index)}.${host.toLowerCase()}`;
}

/**
 * What a script names: by the class, else what the TenantTunnel's status tells, so that two routers of a tunnel are
 * never told different things; undefined while nobody knows it yet.
 */
export const scriptHost = (
  tunnelClass: Pick<TunnelClass, 'spec'>,
  entry: Pick<TunnelEntry, 'index'>,
  { status }: Pick<TenantTunnel, 'status'>,
): string | undefined => namedHost(tunnelClass, entry) ?? hostOf(status?.endpoint);

/** `203.0.113.5:51820` without the port. */
const hostOf = (endpoint: string | undefined): string | undefined =>
  /^(.+):\d{1,5}$/.exec(endpoint ?? '')?.[1];
