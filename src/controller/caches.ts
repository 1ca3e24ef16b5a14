import {
  LABEL_GATEWAY,
  LABEL_TUNNEL,
  ROUTERS,
  type Router,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_CLASSES,
  type TunnelClass,
} from '../api/index.ts';
import {
  type ConfigMap,
  configMaps,
  Informer,
  type KubeClient,
  type Lease,
  type Logger,
  leases,
  type Node,
  nodes,
  type Secret,
  secrets,
} from '../kube/index.ts';
import { tenantOf } from './find-tunnel.ts';
import { LEDGER_SELECTOR } from './ledger-store.ts';
import { digestOf } from './router-script.ts';

/** Labels what the controller hands over, and only that: agents' and people's own objects are none of its business. */
const HANDOVER_SELECTOR = LABEL_TUNNEL;

/** Everything that the controller reads, kept up to date by watches. */
export interface Caches {
  routers: Informer<Router>;
  tunnels: Informer<TenantTunnel>;
  classes: Informer<TunnelClass>;
  configMaps: Informer<ConfigMap>;
  secrets: Informer<Secret>;
  ledger: Informer<Secret>;
  nodes: Informer<Node>;
  heartbeats: Informer<Lease>;
}

export interface CacheOptions {
  client: KubeClient;
  namespace: string;
  gatewayNamespace: string;
  logger: Logger;
}

export function createCaches({ client, namespace, gatewayNamespace, logger }: CacheOptions): Caches {
  const handedOver = { client, logger, namespace: gatewayNamespace, labelSelector: HANDOVER_SELECTOR };
  const byTunnel = { tunnel: ({ metadata }: ConfigMap | Secret) => present(metadata.labels?.[LABEL_TUNNEL]) };
  return {
    routers: new Informer<Router>({
      client,
      logger,
      type: ROUTERS,
      transform: withoutScript,
      indexes: {
        tenant: ({ spec }) => present(spec.tenant),
        tunnelRef: ({ spec, metadata }) =>
          spec.tunnelRef ? [`${spec.tunnelRef.namespace ?? metadata.namespace}/${spec.tunnelRef.name}`] : [],
        publicKey: ({ spec, status }) => [
          ...new Set([...present(spec.publicKey), ...present(status?.publicKey)]),
        ],
        address: ({ spec, status }) => [...new Set([...present(spec.address), ...present(status?.address)])],
      },
    }),
    tunnels: new Informer<TenantTunnel>({
      client,
      logger,
      type: TENANT_TUNNELS,
      indexes: { tenant: (tunnel) => [tenantOf(tunnel)] },
    }),
    classes: new Informer<TunnelClass>({ client, logger, type: TUNNEL_CLASSES }),
    configMaps: new Informer<ConfigMap>({ ...handedOver, type: configMaps, indexes: byTunnel }),
    secrets: new Informer<Secret>({ ...handedOver, type: secrets, indexes: byTunnel }),
    ledger: new Informer<Secret>({
      client,
      logger,
      namespace,
      type: secrets,
      labelSelector: LEDGER_SELECTOR,
    }),
    nodes: new Informer<Node>({ client, logger, type: nodes, transform: onlyMetadata }),
    heartbeats: new Informer<Lease>({
      client,
      logger,
      namespace: gatewayNamespace,
      type: leases,
      labelSelector: LABEL_GATEWAY,
    }),
  };
}

const present = (value: string | undefined): string[] => (value === undefined ? [] : [value]);

function withoutScript(router: Router): Router {
  if (router.status?.script !== undefined) router.status.script = digestOf(router.status.script);
  return router;
}

// A Node's status lists its images, 50 kB of what nobody here reads.
const onlyMetadata = ({ apiVersion, kind, metadata }: Node): Node => ({
  apiVersion,
  kind,
  metadata: {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels,
  } as Node['metadata'],
});
