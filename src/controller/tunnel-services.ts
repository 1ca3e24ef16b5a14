import type { ServiceHandover, ServicesHandover, TenantTunnel, TunnelClass } from '../api/index.ts';

type Named = NonNullable<TenantTunnel['spec']['services']>[number];

/**
 * What of `spec.services` is handed over. A Service of the tunnel's own namespace may be named by whoever may write
 * there; one of another only where the TunnelClass, which a cluster's administrator writes, shares it.
 */
export function servicesOf(tunnel: TenantTunnel, tunnelClass: TunnelClass): ServicesHandover {
  const services = (tunnel.spec.services ?? []).map((named) => handOver(tunnel, tunnelClass, named));
  if (services.length === 0) return {};
  const { packetsPerSecond } = tunnelClass.spec.services ?? {};
  return {
    services,
    ...(packetsPerSecond === undefined ? {} : { servicePacketsPerSecond: packetsPerSecond }),
  };
}

function handOver(tunnel: TenantTunnel, tunnelClass: TunnelClass, named: Named): ServiceHandover {
  const { name, protocol, port, proxyProtocol } = named;
  const namespace = named.service.namespace ?? tunnel.metadata.namespace ?? '';
  const service = { namespace, name: named.service.name, port: named.service.port };
  const refused = refusalOf(tunnel, tunnelClass, service);
  return {
    name,
    protocol,
    port,
    service,
    ...(proxyProtocol === true ? { proxyProtocol } : {}),
    ...(refused === undefined ? {} : { refused }),
  };
}

function refusalOf(
  { metadata: { namespace: own } }: TenantTunnel,
  { metadata: { name: className }, spec }: TunnelClass,
  { namespace, name }: ServiceHandover['service'],
): string | undefined {
  if (namespace === 'default' && name === 'kubernetes') {
    return 'Service default/kubernetes is the API server, which no router may reach; name another.';
  }
  if (namespace === own) return undefined;
  const isShared = (spec.services?.shared ?? []).some(
    (shared) => shared.namespace === namespace && (shared.name === undefined || shared.name === name),
  );
  if (isShared) return undefined;
  return `Service ${namespace}/${name} is not of namespace ${own}, and TunnelClass ${className} does not share it; name one of ${own}, or add it to spec.services.shared of the class.`;
}
