/** From a Service and its EndpointSlices to the addresses that a tunnel's service has. */
import type { ServiceHandover } from '../../api/index.ts';
import type { EndpointSlice, Service } from '../../kube/index.ts';
import { hostPort, isServiceAddress, MAX_ENDPOINTS } from '../../wireguard/index.ts';
import type { Problem } from '../problem.ts';

/** What the API server has of one Service. */
export interface Found {
  service: Service | undefined;
  slices: readonly EndpointSlice[];
}

/** `endpoints` absent: it is not opened at all. */
export interface Resolved {
  /** As the sidecar takes them, sorted; empty where nothing is ready. */
  endpoints?: string[];
  problem?: Problem;
}

export function resolveService({ protocol, service: named }: ServiceHandover, found: Found): Resolved {
  const what = `Service ${named.namespace}/${named.name}`;
  const { service, slices } = found;
  if (service === undefined) {
    return failed('ServiceNotFound', `${what} does not exist; create it, or correct spec.services.`);
  }
  if (service.spec?.type === 'ExternalName') {
    return failed(
      'ServiceUnusable',
      `${what} is of type ExternalName, which has no endpoints; name another.`,
    );
  }
  const ports = service.spec?.ports ?? [];
  const port = ports.find((one) => one.port === named.port && (one.protocol ?? 'TCP') === protocol);
  if (port === undefined) {
    const has = ports.slice(0, 10).map((one) => `${one.protocol ?? 'TCP'} ${one.port}`);
    return failed(
      'ServiceUnusable',
      `${what} has no ${protocol} port ${named.port}; it has ${has.join(', ') || 'none'}.`,
    );
  }
  const endpoints = endpointsOf(slices, port.name ?? '', protocol, named.namespace);
  if (endpoints.length > 0) return { endpoints };
  const message = `${what} has no endpoint that is ready for ${protocol} port ${named.port}; look at its pods.`;
  return { endpoints, problem: { reason: 'NoEndpoints', message } };
}

function failed(reason: Problem['reason'], message: string): Resolved {
  return { problem: { reason, message } };
}

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

/** Absent is ready (discovery/v1 EndpointConditions). */
const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready !== false;
/** Still answers while it ends, for when there is no other: as kube-proxy has it. */
const isServing = ({ conditions }: Endpoint): boolean => conditions?.serving === true;

function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: string,
  namespace: string,
): string[] {
  for (const family of ['IPv4', 'IPv6']) {
    const some = slices.filter(({ addressType }) => addressType === family);
    for (const isWanted of [isReady, isServing]) {
      const texts = some.flatMap((slice) => addressesIn(slice, portName, protocol, namespace, isWanted));
      if (texts.length > 0) return [...new Set(texts)].sort().slice(0, MAX_ENDPOINTS);
    }
  }
  return [];
}

function addressesIn(
  { endpoints, ports }: EndpointSlice,
  portName: string,
  protocol: string,
  namespace: string,
  isWanted: (endpoint: Endpoint) => boolean,
): string[] {
  const port = ports?.find((one) => (one.name ?? '') === portName && (one.protocol ?? 'TCP') === protocol);
  if (port?.port === undefined || port.port === null) return [];
  return (endpoints ?? [])
    .filter(({ targetRef }) => (targetRef?.namespace ?? namespace) === namespace)
    .filter(isWanted)
    .flatMap(({ addresses }) => addresses.slice(0, 1))
    .filter(isServiceAddress)
    .map((address) => hostPort(address, Number(port.port)));
}
