import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { TunnelEntry } from '../../allocation/index.ts';
import { ENDPOINT_PART, LABEL_GATEWAY, LABEL_PART, LABEL_TUNNEL, type TunnelClass } from '../../api/index.ts';
import { type EndpointSlice, LABEL_SERVICE_NAME, type Service } from '../../kube/index.ts';
import { asksForNames, namesOf, recordAnnotations } from './external-dns.ts';
import { namedHost } from './host.ts';

/** On each object: a digest of what was last applied, by which it shows when something of that is not wanted any more. */
const ANNOTATION_APPLIED = 'vpn.traidnet.io/applied';
const PORT_NAME = 'wireguard';

export const recordName = (index: number): string => `tunnel-${index}-dns`;
export const balancerName = (index: number): string => `tunnel-${index}-lb`;

/** Objects of one tunnel that are there. */
export interface Standing {
  record: Service | undefined;
  balancer: Service | undefined;
}

export interface EndpointInput {
  /** That of the gateways. */
  namespace: string;
  entry: Pick<TunnelEntry, 'index' | 'listenPort'>;
  /** Absent when the class is gone: what stands still follows the tunnel. */
  tunnelClass: TunnelClass | undefined;
  /** Where the tunnel lies; undefined: nowhere. */
  node: { name: string; outer: readonly string[]; inner: readonly string[] } | undefined;
  standing: Standing;
}

export interface EndpointObjects {
  services: Service[];
  /** All that the tunnel is to have; undefined: what stands stays. */
  slices: EndpointSlice[] | undefined;
}

/**
 * What leads routers to a tunnel: what the mode of its class asks for, and what stands of another mode, since routers
 * in the field may still live by that. A person takes the latter away; it is not made again.
 */
export function endpointObjects(input: EndpointInput): EndpointObjects {
  const { tunnelClass, node, standing } = input;
  const mode = tunnelClass?.spec.endpoint.mode;
  const hasBalancer = mode === 'LoadBalancer' || standing.balancer !== undefined;
  const hasPlace = node !== undefined && node.inner.length > 0;
  return {
    services: [
      ...(mode === 'Node' || standing.record !== undefined ? record(input) : []),
      ...(tunnelClass !== undefined && mode === 'LoadBalancer' ? [balancer(input, tunnelClass)] : []),
    ],
    slices: !hasBalancer
      ? []
      : hasPlace
        ? node.inner.map((address) => slice(input, node.name, address))
        : undefined,
  };
}

/**
 * A headless Service without endpoints, which carries the record and which no proxy makes anything of. Of type
 * LoadBalancer, with the node's address in its status, kube-proxy would drop what comes to that address and port.
 */
function record({ namespace, entry, tunnelClass, node, standing }: EndpointInput): Service[] {
  if (node === undefined || node.outer.length === 0) return [];
  const wanted = tunnelClass?.spec.endpoint.mode === 'Node' ? namedHost(tunnelClass, entry) : undefined;
  const names = allNames(wanted, standing.record);
  if (names.length === 0) return [];
  const labels = { ...labelsOf(entry.index), [LABEL_GATEWAY]: node.name };
  const annotations = recordAnnotations(names, node.outer);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: recordName(entry.index), namespace },
  };
  return [
    signed(service, labels, annotations, {
      spec: { type: 'ClusterIP', clusterIP: 'None', ports: ports(entry) },
    }),
  ];
}

/** Routers that were told an earlier name still ask for that. */
const allNames = (wanted: string | undefined, standing: Service | undefined): string[] => [
  ...new Set([...(wanted === undefined ? [] : [wanted]), ...namesOf(standing)]),
];

/** Without selector, since WireGuard listens on the node and not in a pod; the slices say where. */
function balancer({ namespace, entry, standing }: EndpointInput, tunnelClass: TunnelClass): Service {
  const { annotations = {}, loadBalancerClass } = tunnelClass.spec.endpoint.loadBalancer ?? {};
  const wanted = namedHost(tunnelClass, entry);
  // Without a domain somebody may ask for names by the class's annotations.
  const isTheirs = wanted === undefined && asksForNames(annotations);
  const names = isTheirs ? [] : allNames(wanted, standing.balancer);
  // It may not change once it is set.
  const kept =
    standing.balancer === undefined ? loadBalancerClass : standing.balancer.spec?.loadBalancerClass;
  const spec = {
    type: 'LoadBalancer',
    // The tunnel sees where a router really is, and other nodes do not answer for it.
    externalTrafficPolicy: 'Local',
    ports: ports(entry),
    ...(kept === undefined ? {} : { loadBalancerClass: kept }),
  };
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: balancerName(entry.index), namespace },
  };
  const said = { ...annotations, ...(names.length === 0 ? {} : recordAnnotations(names)) };
  return signed(service, labelsOf(entry.index), said, { spec });
}

function slice({ namespace, entry }: EndpointInput, nodeName: string, address: string): EndpointSlice {
  const family = isIPv6(address) ? 'IPv6' : 'IPv4';
  const name = balancerName(entry.index);
  const metadata = { name: `${name}-${family.toLowerCase()}`, namespace };
  const labels = {
    ...labelsOf(entry.index),
    [LABEL_SERVICE_NAME]: name,
    'endpointslice.kubernetes.io/managed-by': 'tenant-tunnel-operator',
  };
  const object = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata };
  return signed(
    object,
    labels,
    {},
    {
      addressType: family,
      endpoints: [{ addresses: [address], conditions: { ready: true }, nodeName }],
      ports: [{ name: PORT_NAME, protocol: 'UDP', port: entry.listenPort }],
    },
  );
}

const ports = ({ listenPort }: Pick<TunnelEntry, 'listenPort'>) => [
  { name: PORT_NAME, protocol: 'UDP', port: listenPort },
];

const labelsOf = (index: number): Record<string, string> => ({
  'app.kubernetes.io/managed-by': 'tenant-tunnel-operator',
  [LABEL_PART]: ENDPOINT_PART,
  [LABEL_TUNNEL]: String(index),
});

interface Bare {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
}

function signed<T extends object>(
  object: Bare,
  labels: Record<string, string>,
  annotations: Record<string, string>,
  rest: T,
): Bare & T {
  const digest = createHash('sha256')
    .update(JSON.stringify([labels, annotations, rest]))
    .digest('hex');
  const said = { ...annotations, [ANNOTATION_APPLIED]: digest.slice(0, 16) };
  return { ...object, metadata: { ...object.metadata, labels, annotations: said }, ...rest } as Bare & T;
}
