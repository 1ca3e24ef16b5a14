import {
  formatAddress,
  interfaceNameOf,
  networkOf,
  serverAddress,
  type TunnelEntry,
} from '../allocation/index.ts';
import {
  ANNOTATION_CLASS,
  ANNOTATION_PLACED,
  ANNOTATION_REVISION,
  accessObjectName,
  type EndpointHandover,
  type HandoverPart,
  type HandoverPeer,
  type KeysHandover,
  LABEL_GATEWAY,
  LABEL_PART,
  LABEL_TUNNEL,
  PEERS_KEY,
  PRIVATE_KEY,
  type ProfilesHandover,
  peersObjectName,
  type RouterAccess,
  type ServicesHandover,
  type TenantTunnel,
  TUNNEL_KEY,
  type TunnelHandover,
  tunnelObjectName,
} from '../api/index.ts';
import type { ConfigMap, Secret } from '../kube/index.ts';
import { renderPeers } from '../wireguard/index.ts';

/** Where a handover goes: the gateways' namespace and the node that carries the tunnel. */
export interface Destination {
  namespace: string;
  node: string;
}

/** By which the ledger finds itself older than what was made of it. Nothing is written for their sake alone. */
type Origin = Record<string, string>;

const originOf = (revision: number | undefined): Origin =>
  revision === undefined ? {} : { [ANNOTATION_REVISION]: String(revision) };

export interface HandoverTunnel {
  /** Of the ledger's tunnels. */
  revision?: number | undefined;
  entry: TunnelEntry;
  tunnel: { metadata: Pick<TenantTunnel['metadata'], 'namespace' | 'name' | 'uid'> };
  mtu: number;
  routerToRouter: 'Allow' | 'Deny';
  services?: ServicesHandover | undefined;
  profiles?: ProfilesHandover | undefined;
  endpoint?: EndpointHandover | undefined;
  keys?: KeysHandover | undefined;
  blocks: readonly number[];
  /** When it was placed on its node, ms. */
  placedAt?: string | undefined;
}

/** The ConfigMap and the Secret of one tunnel. */
export function tunnelObjects(
  to: Destination,
  {
    revision,
    entry,
    tunnel,
    mtu,
    routerToRouter,
    services,
    profiles,
    endpoint,
    keys,
    blocks,
    placedAt = '0',
  }: HandoverTunnel,
): [ConfigMap, Secret] {
  const { index, listenPort, subnet, subnet6, publicKey, privateKey } = entry;
  const { namespace, name, uid } = tunnel.metadata;
  const handover: TunnelHandover = {
    formatVersion: 1,
    index,
    interfaceName: interfaceNameOf(index),
    listenPort,
    subnet,
    serverAddress: formatAddress(serverAddress(networkOf(entry))),
    ...(subnet6 === undefined ? {} : { subnet6 }),
    mtu,
    // Left out where it is what an older version does, so that an upgrade writes nothing.
    ...(routerToRouter === 'Deny' ? { routerToRouter } : {}),
    publicKey,
    tenant: entry.tenant,
    tenantTunnel: { namespace, name, uid },
    ...services,
    ...profiles,
    ...endpoint,
    ...keys,
    blocks: [...blocks],
  };
  const objectName = tunnelObjectName(index);
  const origin = {
    ...originOf(revision),
    [ANNOTATION_CLASS]: entry.className,
    [ANNOTATION_PLACED]: placedAt,
  };
  const data = { [TUNNEL_KEY]: `${JSON.stringify(handover, null, 2)}\n` };
  return [
    configMap(to, index, 'tunnel', objectName, data, origin),
    secret(to, index, 'key', objectName, { [PRIVATE_KEY]: privateKey }),
  ];
}

/** What a tunnel's ConfigMap says of it beside the ledger; undefined when somebody has made something else of that. */
export function readTunnel(
  object: ConfigMap | undefined,
):
  | Pick<HandoverTunnel, 'tunnel' | 'mtu' | 'routerToRouter' | 'services' | 'profiles' | 'endpoint' | 'keys'>
  | undefined {
  try {
    const {
      mtu,
      routerToRouter = 'Allow',
      tenantTunnel,
      services,
      servicePacketsPerSecond,
      profiles,
      backup,
      endpoint,
      ownKeys,
    } = JSON.parse(object?.data?.[TUNNEL_KEY] ?? '') as Partial<TunnelHandover>;
    const { namespace, name, uid } = tenantTunnel ?? {};
    if (typeof mtu !== 'number') return undefined;
    if (namespace === undefined || name === undefined || uid === undefined) return undefined;
    return {
      tunnel: { metadata: { namespace, name, uid } },
      mtu,
      routerToRouter,
      services: {
        ...(services === undefined ? {} : { services }),
        ...(servicePacketsPerSecond === undefined ? {} : { servicePacketsPerSecond }),
      },
      profiles: {
        ...(profiles === undefined ? {} : { profiles }),
        ...(backup === undefined ? {} : { backup }),
      },
      endpoint: endpoint === undefined ? {} : { endpoint },
      keys: ownKeys === true ? { ownKeys } : {},
    };
  } catch {
    return undefined;
  }
}

/** A router of a block as the gateway gets it. */
export interface HandoverRouter {
  peer: HandoverPeer;
  access?: RouterAccess;
}

/** The ConfigMap with the rendered peers of a block, and the Secret with what the agent logs in with. */
export function blockObjects(
  to: Destination,
  index: number,
  block: number,
  routers: readonly HandoverRouter[],
  revision?: number,
): [ConfigMap, Secret] {
  const access = routers.flatMap(({ peer, access }) =>
    access === undefined ? [] : [[peer.address, JSON.stringify(access)] as const],
  );
  const peers = renderPeers(routers.map(({ peer }) => peer));
  return [
    configMap(to, index, 'peers', peersObjectName(index, block), { [PEERS_KEY]: peers }, originOf(revision)),
    secret(
      to,
      index,
      'access',
      accessObjectName(index, block),
      Object.fromEntries(access),
      originOf(revision),
    ),
  ];
}

function metadata(to: Destination, index: number, part: HandoverPart, name: string) {
  return {
    name,
    namespace: to.namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'tenant-tunnel-operator',
      [LABEL_GATEWAY]: to.node,
      [LABEL_PART]: part,
      [LABEL_TUNNEL]: String(index),
    },
  };
}

function configMap(
  to: Destination,
  index: number,
  part: HandoverPart,
  name: string,
  data: Record<string, string>,
  annotations: Origin,
): ConfigMap {
  const described = { ...metadata(to, index, part, name), annotations };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: described, data };
}

function secret(
  to: Destination,
  index: number,
  part: HandoverPart,
  name: string,
  texts: Record<string, string>,
  annotations: Origin = {},
): Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]),
  );
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata(to, index, part, name), annotations },
    type: 'Opaque',
    data,
  };
}
