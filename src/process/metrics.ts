import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Gauges of prom-client by a counter's name; what they tell is also told by type, without `_total`. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * A registry with the process's own metrics (CPU, memory, event loop lag, garbage collection) and
 * `tto_build_info{version, process} 1`. Whoever measures something registers it here.
 */
export function createRegistry({ version, process }: { version: string; process: string }): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Gauge({
    name: 'tto_build_info',
    help: 'Always 1; the labels tell the version and the process.',
    labelNames: ['version', 'process'],
    registers: [registry],
  }).set({ version, process }, 1);
  return registry;
}
