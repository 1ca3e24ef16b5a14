import {
  LABEL_GATEWAY,
  LABEL_PART,
  LABEL_TUNNEL,
  ROUTER_PROFILES,
  ROUTERS,
  type Router,
  type RouterProfile,
  TENANT_TUNNELS,
  type TenantTunnel,
  TUNNEL_CLASSES,
  type TunnelClass,
  VALUES_PART,
} from '../api/index.ts';
import {
  type ConfigMap,
  configMaps,
  Informer,
  type Lease,
  type ListWatcher,
  type Logger,
  leases,
  type Node,
  nodes,
  type Secret,
  secrets,
} from '../kube/index.ts';
import type { Environment } from './environment.ts';
import { tenantOf, tunnelRefKey } from './find-tunnel.ts';
import { leanRouter } from './lean-router.ts';
import { LEDGER_SELECTOR } from './ledger-store.ts';
import { addressKeys } from './rivals.ts';

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
  profiles: Informer<RouterProfile>;
  /** Copies of values for the agents. */
  values: Informer<Secret>;
}

export interface CacheOptions {
  client: ListWatcher;
  namespace: string;
  gatewayNamespace: string;
  logger: Logger;
  environment: Pick<Environment, 'clock' | 'random'>;
}

export function createCaches({ namespace, gatewayNamespace, environment, ...plain }: CacheOptions): Caches {
  const source = { ...plain, clock: environment.clock, random: environment.random };
  const handedOver = { ...source, namespace: gatewayNamespace, labelSelector: HANDOVER_SELECTOR };
  const byTunnel = { tunnel: ({ metadata }: ConfigMap | Secret) => present(metadata.labels?.[LABEL_TUNNEL]) };
  return {
    routers: new Informer<Router>({
      ...source,
      type: ROUTERS,
      transform: leanRouter,
      indexes: {
        tenant: ({ spec }) => present(spec.tenant),
        tunnelRef: (router) => present(tunnelRefKey(router)),
        publicKey: ({ spec, status }) => [
          ...new Set([...present(spec.publicKey), ...present(status?.publicKey)]),
        ],
        address: addressKeys,
        namespace: ({ metadata }) => [metadata.namespace],
      },
    }),
    tunnels: new Informer<TenantTunnel>({
      ...source,
      type: TENANT_TUNNELS,
      indexes: { tenant: (tunnel) => [tenantOf(tunnel)] },
    }),
    classes: new Informer<TunnelClass>({ ...source, type: TUNNEL_CLASSES }),
    configMaps: new Informer<ConfigMap>({ ...handedOver, type: configMaps, indexes: byTunnel }),
    secrets: new Informer<Secret>({ ...handedOver, type: secrets, indexes: byTunnel }),
    ledger: new Informer<Secret>({
      ...source,
      namespace,
      type: secrets,
      labelSelector: LEDGER_SELECTOR,
    }),
    nodes: new Informer<Node>({ ...source, type: nodes, transform: leanNode }),
    heartbeats: new Informer<Lease>({
      ...source,
      namespace: gatewayNamespace,
      type: leases,
      labelSelector: LABEL_GATEWAY,
    }),
    profiles: new Informer<RouterProfile>({
      ...source,
      type: ROUTER_PROFILES,
      indexes: { namespace: ({ metadata }) => [metadata.namespace] },
    }),
    values: new Informer<Secret>({
      ...source,
      namespace: gatewayNamespace,
      type: secrets,
      labelSelector: `${LABEL_PART}=${VALUES_PART}`,
    }),
  };
}

const present = (value: string | undefined): string[] => (value === undefined ? [] : [value]);

// A Node's status lists its images, 50 kB of what nobody here reads.
const leanNode = ({ apiVersion, kind, metadata, spec, status }: Node): Node => ({
  apiVersion,
  kind,
  metadata: {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion,
    labels: metadata.labels,
  } as Node['metadata'],
  ...(spec && {
    spec: {
      ...(spec.podCIDRs && { podCIDRs: spec.podCIDRs }),
      ...(spec.unschedulable && { unschedulable: true }),
    },
  }),
  ...(status?.addresses && { status: { addresses: status.addresses } }),
});
