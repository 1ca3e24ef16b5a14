import type { ProxiedRequest } from '../../testbed/fault-proxy.ts';

/** Whether a request of the controller writes what it decides: not its Lease, an Event, or a question. */
export function isWrite({ method, path }: Pick<ProxiedRequest, 'method' | 'path'>): boolean {
  return method !== 'GET' && !/\/(leases|events|[a-z]+reviews)(\/|\?|$)/.test(path);
}
