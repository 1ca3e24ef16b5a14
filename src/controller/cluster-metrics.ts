import { LABEL_GATEWAY, LABEL_PART, ROUTER_PHASES } from '../api/index.ts';
import { type ScrapedMetric, scrapedGauge } from '../process/index.ts';
import type { World } from './world.ts';

/** What objects in the cluster tell; all replicas say the same, whichever leads. */
export function clusterMetrics({ caches, pulses }: Pick<World, 'caches' | 'pulses'>): ScrapedMetric[] {
  return [
    scrapedGauge('tto_controller_routers', 'Router objects in the cluster.', () => caches.routers.size),
    {
      name: 'tto_routers_by_phase',
      help: 'Router objects in the cluster by the phase of their status; those without one are Pending.',
      type: 'gauge',
      labelNames: ['phase'],
      *series() {
        const counts = new Map<string, number>(ROUTER_PHASES.map((phase) => [phase, 0]));
        for (const { status } of caches.routers.list()) {
          const phase = status?.phase ?? 'Pending';
          counts.set(phase, (counts.get(phase) ?? 0) + 1);
        }
        for (const [phase, count] of counts) yield [[phase], count];
      },
    },
    {
      name: 'tto_gateways',
      help: 'Gateway nodes by what their heartbeats say: ready, troubled (cannot carry a tunnel), or silent although tunnels are on them.',
      type: 'gauge',
      labelNames: ['state'],
      *series() {
        const counts = { ready: 0, troubled: 0, silent: 0 };
        for (const state of gatewayStates(caches, pulses)) counts[state] += 1;
        for (const [state, count] of Object.entries(counts)) yield [[state], count];
      },
    },
  ];
}

function* gatewayStates({ heartbeats, configMaps }: World['caches'], pulses: World['pulses']) {
  const carrying = new Set<string | undefined>();
  for (const { metadata } of configMaps.list()) {
    if (metadata.labels?.[LABEL_PART] === 'tunnel') carrying.add(metadata.labels[LABEL_GATEWAY]);
  }
  for (const lease of heartbeats.list()) {
    const node = lease.metadata.labels?.[LABEL_GATEWAY];
    if (node === undefined) continue;
    if (pulses.isAlive(node)) yield pulses.problemOf(node) === undefined ? 'ready' : 'troubled';
    // A node that carries nothing and says nothing is none any more.
    else if (carrying.has(node)) yield 'silent';
  }
}
