import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { isLive, type Ledger } from '../allocation/index.ts';
import type { Controller, ReconcileOutcome } from '../kube/index.ts';
import type { Caches } from './caches.ts';
import { poolMetrics } from './pool-metrics.ts';

const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60];

/** The controller's metrics; names by https://prometheus.io/docs/practices/naming/. */
export function controllerMetrics(
  registry: Registry,
  { caches, ledger }: { caches: Caches; ledger: Ledger },
) {
  const registers = [registry];
  const controllers: Controller[] = [];
  const reconciles = new Counter({
    name: 'tto_controller_reconciles_total',
    help: 'Reconciles by controller and outcome.',
    labelNames: ['controller', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'tto_controller_reconcile_seconds',
    help: 'How long a reconcile took.',
    labelNames: ['controller'],
    buckets: BUCKETS,
    registers,
  });
  new Gauge({
    name: 'tto_controller_queue_depth',
    help: 'Keys that wait to be reconciled.',
    labelNames: ['controller'],
    registers,
    collect() {
      for (const { name, queue } of controllers) this.set({ controller: name }, queue.depth);
    },
  });
  new Gauge({
    name: 'tto_controller_tunnels',
    help: 'Tunnels in the ledger, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const live = [...ledger.tunnels.values()].filter(isLive).length;
      this.set({ state: 'live' }, live);
      this.set({ state: 'quarantined' }, ledger.tunnels.size - live);
    },
  });
  new Gauge({
    name: 'tto_controller_routers',
    help: 'Router objects in the cluster.',
    registers,
    collect() {
      this.set(caches.routers.keys().length);
    },
  });
  poolMetrics(registry, caches);
  return {
    observed: (controller: Controller): Controller => {
      controllers.push(controller);
      return controller;
    },
    onReconciled: (controller: string) => (outcome: ReconcileOutcome, duration: number) => {
      reconciles.inc({ controller, outcome });
      seconds.observe({ controller }, duration);
    },
  };
}
