import type { KubeConfig } from '@kubernetes/client-node';
import { Histogram, type Registry } from 'prom-client';
import { KubeClient } from '../kube/index.ts';
import type { Surroundings } from './serve.ts';

/** A client for a process, whose requests show in its metrics. */
export function createKubeClient(
  config: KubeConfig,
  { name, version, registry }: Pick<Surroundings, 'name' | 'version' | 'registry'>,
): KubeClient {
  const requests = requestMetric(registry);
  return new KubeClient(config, {
    userAgent: `tenant-tunnel-operator/${version} (${name})`,
    onRequest: ({ verb, resource, status, seconds }) =>
      requests.observe({ verb, resource, status: String(status) }, seconds),
  });
}

export const requestMetric = (registry: Registry) =>
  new Histogram({
    name: 'tto_kube_request_seconds',
    help: 'Requests to the API server by verb, resource and HTTP status (0: no reply); a watch to its beginning.',
    labelNames: ['verb', 'resource', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers: [registry],
  });
