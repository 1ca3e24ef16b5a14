import {
  ANNOTATION_FENCE,
  ANNOTATION_PROBLEM,
  ANNOTATION_RESUME,
  API_VERSION,
  DEFAULT_CLASS_ANNOTATION,
  LABEL_GATEWAY,
  LABEL_PART,
  ROUTER_PROFILES,
  ROUTERS,
  TENANT_TUNNELS,
  TUNNEL_CLASSES,
} from '../../src/api/index.ts';
import {
  configMaps,
  endpointSlices,
  KubeApiError,
  type KubeObject,
  keyOf,
  leases,
  microTime,
  nameOf,
  nodes,
  type ResourceType,
  type Secret,
  secrets,
  services,
} from '../../src/kube/index.ts';
import type { ApiServer } from './api/server.ts';
import { GATEWAYS, SYSTEM } from './crew.ts';
import type { Deed, Kind, NodeState } from './steps.ts';

const TYPES: Record<Kind, ResourceType> = {
  routers: ROUTERS as ResourceType,
  tenanttunnels: TENANT_TUNNELS as ResourceType,
  tunnelclasses: TUNNEL_CLASSES as ResourceType,
  routerprofiles: ROUTER_PROFILES as ResourceType,
};
const HANDS: Record<'configmaps' | 'secrets' | 'services' | 'endpointslices', ResourceType> = {
  configmaps: configMaps,
  secrets,
  services,
  endpointslices: endpointSlices,
};

type Written = KubeObject & { spec: object; data?: Record<string, string> };

/** Does to the API server what people and nodes do; what it refuses, a person reads and leaves. */
export function act(server: ApiServer, wall: () => number, deed: Deed): void {
  try {
    done(server, wall, deed);
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
  }
}

function done(server: ApiServer, wall: () => number, deed: Deed): void {
  switch (deed.do) {
    case 'apply':
      apply(server, TYPES[deed.kind], deed.key, deed.spec, deed.isDefault);
      break;
    case 'delete':
      server.delete(TYPES[deed.kind], nameOf(deed.key));
      break;
    case 'renew':
      renew(server, TYPES[deed.kind], deed.key);
      break;
    case 'wipe':
      server.replaceStatus(TYPES[deed.kind], nameOf(deed.key), undefined);
      break;
    case 'hold':
      edit(server, TYPES.routers, deed.key, (router) => {
        if (router.metadata.deletionTimestamp === undefined)
          router.metadata.finalizers = ['example.com/hold'];
      });
      break;
    case 'let go':
      server.finalize(TYPES.routers, nameOf(deed.key));
      break;
    case 'remove':
      server.delete(HANDS[deed.plural], nameOf(deed.key));
      break;
    case 'unlabel':
      edit(server, HANDS[deed.plural], deed.key, ({ metadata }) => {
        const { [LABEL_PART]: _, ...others } = metadata.labels ?? {};
        metadata.labels = Object.fromEntries(Object.entries(others).slice(0, 1));
      });
      break;
    case 'garble':
      edit(server, HANDS[deed.plural], deed.key, (object) => {
        object.data = Object.fromEntries(Object.keys(object.data ?? {}).map((key) => [key, 'bm9uc2Vuc2U=']));
      });
      break;
    case 'secret':
      writeSecret(server, deed.key, deed.data);
      break;
    case 'resume':
      edit(server, TYPES.routerprofiles, deed.key, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, [ANNOTATION_RESUME]: deed.value };
      });
      break;
    case 'node':
      node(server, wall(), deed.name, deed.state);
      break;
    default:
  }
}

function apply(server: ApiServer, type: ResourceType, key: string, spec: object, isDefault?: boolean): void {
  const annotations = isDefault ? { [DEFAULT_CLASS_ANNOTATION]: 'true' } : {};
  if (server.peek(type, key) === undefined) {
    const metadata = { ...nameOf(key), annotations };
    server.create(type, { apiVersion: API_VERSION, kind: type.kind, metadata, spec } as KubeObject);
  } else {
    edit(server, type, key, (object) => {
      object.spec = spec;
      if (isDefault !== undefined) object.metadata.annotations = annotations;
    });
  }
}

function writeSecret(server: ApiServer, key: string, texts: Record<string, string>): void {
  const data = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  if (server.peek(secrets, key) !== undefined) {
    edit(server, HANDS.secrets, key, (object) => {
      object.data = data;
    });
  } else
    server.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...nameOf(key) },
      data,
    } as Secret);
}

function renew(server: ApiServer, type: ResourceType, key: string): void {
  const { apiVersion, kind, spec, metadata } = server.get(type, nameOf(key)) as Written;
  server.delete(type, nameOf(key));
  const { annotations = {} } = metadata;
  server.create(type, { apiVersion, kind, spec, metadata: { ...nameOf(key), annotations } } as KubeObject);
}

function edit(server: ApiServer, type: ResourceType, key: string, change: (object: Written) => void): void {
  const object = server.get(type, nameOf(key)) as Written;
  change(object);
  server.update(type, object);
}

/** A heartbeat holds a day, so that time may pass in a history without one; that of a node which fell silent is over. */
const LEASE_SECONDS = 86_400;
const SILENT_SECONDS = 1;

function node(server: ApiServer, wall: number, name: string, state: NodeState): void {
  const lease = { name: `gateway-${name}`, namespace: GATEWAYS };
  if (state === 'gone') {
    server.delete(nodes, { name });
    server.delete(leases, lease);
    return;
  }
  cordon(server, name, state === 'cordoned');
  const current = server.peek(leases, `${GATEWAYS}/${lease.name}`);
  const isSilent = state === 'silent' || state === 'mute';
  const wasTroubled = current?.metadata.annotations?.[ANNOTATION_PROBLEM] !== undefined;
  const metadata = {
    ...lease,
    labels: { [LABEL_GATEWAY]: name },
    annotations: {
      ...((state === 'troubled' || (isSilent && wasTroubled)) && {
        [ANNOTATION_PROBLEM]: 'It has no WireGuard.',
      }),
      ...(state !== 'mute' && { [ANNOTATION_FENCE]: '6' }),
    },
  };
  const long = wall - 2 * LEASE_SECONDS * 1000;
  const spec = {
    holderIdentity: name,
    leaseDurationSeconds: isSilent ? SILENT_SECONDS : LEASE_SECONDS,
    // Who falls silent renews nothing any more.
    renewTime: isSilent ? (current?.spec?.renewTime ?? microTime(long)) : microTime(wall),
  };
  const written = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  const { resourceVersion } = current?.metadata ?? {};
  if (resourceVersion === undefined) server.create(leases, written);
  else server.update(leases, { ...written, metadata: { ...metadata, resourceVersion } } as KubeObject);
}

/** Makes a node that is not there. */
function cordon(server: ApiServer, name: string, unschedulable: boolean): void {
  const current = server.peek(nodes, name);
  const metadata = { name, labels: { edge: name } };
  const spec = unschedulable ? { unschedulable } : {};
  const last = name.slice(1);
  const addresses = [
    { type: 'InternalIP', address: `10.0.0.${last}` },
    { type: 'ExternalIP', address: `203.0.113.${last}` },
  ];
  if (current === undefined)
    server.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata,
      spec,
      status: { addresses },
    } as KubeObject);
  else if ((current.spec?.unschedulable ?? false) !== unschedulable)
    server.update(nodes, { ...current, spec } as KubeObject);
}

/** The ledger as a backup has it. */
export const ledgerOf = (server: ApiServer): Secret[] =>
  server.all(secrets).filter(({ metadata }) => metadata.namespace === SYSTEM);

/** Written back over whatever is there. */
export function putBack(server: ApiServer, secret: Secret): void {
  const { uid: _, resourceVersion: __, creationTimestamp: ___, ...kept } = secret.metadata;
  const { resourceVersion } = server.peek(secrets, keyOf(secret))?.metadata ?? {};
  if (resourceVersion === undefined) server.create(secrets, { ...secret, metadata: kept });
  else server.update(secrets, { ...secret, metadata: { ...kept, resourceVersion } });
}
