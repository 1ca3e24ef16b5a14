import type { ServiceHandover, TunnelHandover } from '../../api/index.ts';
import { type Read, read, unreadable } from '../problem.ts';

/** As many as the CRD allows. */
const MAX_SERVICES = 32;
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The services in a tunnel's ConfigMap, which somebody may have edited: what does not read holds up nothing else. */
export function readServices({ index, services }: TunnelHandover): Read<readonly ServiceHandover[]> {
  if (services === undefined) return read([]);
  const isRight =
    Array.isArray(services) && services.length <= MAX_SERVICES && services.every((one) => isService(one));
  if (isRight) return read(services);
  return unreadable(
    'ServicesFailed',
    `ConfigMap tunnel-${index} has no usable list of services. The services stay as they are; the controller mends it by itself, if it runs.`,
  );
}

function isService(value: unknown): value is ServiceHandover {
  if (typeof value !== 'object' || value === null) return false;
  const { name, protocol, port, service, refused = '' } = value as Partial<ServiceHandover>;
  if (typeof name !== 'string' || (protocol !== 'UDP' && protocol !== 'TCP') || !isPort(port)) return false;
  if (typeof service !== 'object' || service === null || !isPort(service.port)) return false;
  // They become parts of a request's path and of a selector.
  return typeof refused === 'string' && NAME.test(service.namespace) && NAME.test(service.name);
}

const isPort = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
