import { Histogram, type Registry } from 'prom-client';
import type { Controller, ReconcileOutcome } from '../kube/index.ts';
import { registerScraped, scrapedGauge } from '../process/index.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { ledgerMetrics } from './ledger-metrics.ts';
import { poolMetrics } from './pool-metrics.ts';
import { profileMetrics } from './profiles/profile-metrics.ts';
import type { World } from './world.ts';

const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** What the controller's metrics are made from. */
export interface MetricSources extends Pick<World, 'caches' | 'ledger' | 'pulses'> {
  isLeader: () => boolean;
}

/** The controller's metrics; names by https://prometheus.io/docs/practices/naming/. */
export function controllerMetrics(registry: Registry, sources: MetricSources) {
  const registers = [registry];
  const controllers: Controller[] = [];
  const seconds = new Histogram({
    name: 'tto_controller_reconcile_seconds',
    help: 'How long a reconcile took.',
    labelNames: ['controller'],
    buckets: BUCKETS,
    registers,
  });
  registerScraped(registry, [
    scrapedGauge('tto_controller_leading', '1 while this process holds the Lease and works, else 0.', () =>
      Number(sources.isLeader()),
    ),
    {
      name: 'tto_controller_reconciles_total',
      help: 'Reconciles by controller and outcome.',
      type: 'counter',
      labelNames: ['controller', 'outcome'],
      *series() {
        for (const { name, outcomes } of controllers) {
          for (const [outcome, count] of Object.entries(outcomes)) yield [[name, outcome], count];
        }
      },
    },
    {
      name: 'tto_controller_queue_depth',
      help: 'Keys that wait to be reconciled.',
      type: 'gauge',
      labelNames: ['controller'],
      *series() {
        for (const { name, queue } of controllers) yield [[name], queue.depth];
      },
    },
    {
      name: 'tto_controller_queue_wait_seconds',
      help: 'How long the oldest key of a controller has been waiting to be reconciled.',
      type: 'gauge',
      labelNames: ['controller'],
      *series() {
        for (const { name, queue } of controllers) yield [[name], queue.stats().longestWaitMs / 1000];
      },
    },
    ...ledgerMetrics(sources),
    ...clusterMetrics(sources),
    ...profileMetrics(sources.caches),
  ]);
  poolMetrics(registry, sources.caches);
  return {
    observed: (controller: Controller): Controller => {
      controllers.push(controller);
      return controller;
    },
    onReconciled: (controller: string) => (_outcome: ReconcileOutcome, duration: number) => {
      seconds.observe({ controller }, duration);
    },
  };
}
