/** What the agent measures, and how its loops do. What it knows of tunnels and routers: fleet-metrics.ts, router-metrics.ts. */
import { Histogram, type Registry } from 'prom-client';
import type { Controller } from '../kube/index.ts';
import { registerScraped } from '../process/index.ts';
import { type FleetFacts, nodeMetrics, tunnelMetrics } from './fleet-metrics.ts';
import { listenedGauge, ProfileMetrics } from './profiles/profile-metrics.ts';
import { routerMetrics } from './router-metrics.ts';

export interface Observed {
  controllers: readonly Controller[];
  facts: FleetFacts;
  /** Most routers with series of their own. */
  routerSeries: number;
  /** Routers that are listened to. */
  listened: () => number;
}

export type ConfigurationOutcome =
  | 'configured'
  | 'LoginRefused'
  | 'RouterUnreachable'
  | 'ConfigurationFailed'
  | 'interrupted';

export class GatewayMetrics {
  readonly profiles: ProfileMetrics;
  readonly #registry: Registry;
  readonly #syncs: Histogram<'call' | 'result'>;
  readonly #reads: Histogram;
  readonly #configurations: Histogram<'outcome'>;
  readonly #backups: Histogram<'outcome'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#registry = registry;
    this.profiles = new ProfileMetrics(registry);
    this.#syncs = new Histogram({
      name: 'tto_gateway_tunnel_sync_seconds',
      help: 'Time of one call that changes a tunnel on the node, by call (put: the whole, patch: some peers) and result.',
      labelNames: ['call', 'result'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    });
    this.#reads = new Histogram({
      name: 'tto_gateway_handshake_read_seconds',
      help: 'Time to read the handshakes of one tunnel.',
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    this.#configurations = new Histogram({
      name: 'tto_gateway_configuration_seconds',
      help: 'Time of one attempt to configure a router, by outcome.',
      labelNames: ['outcome'],
      buckets: [0.05, 0.2, 1, 5, 15, 30],
      registers,
    });
    this.#backups = new Histogram({
      name: 'tto_gateway_backup_seconds',
      help: 'Time to ask a router for its configuration and keep it, by outcome (kept, unchanged, tooLarge, failed).',
      labelNames: ['outcome'],
      buckets: [0.2, 1, 5, 15, 60],
      registers,
    });
  }

  synced(call: 'put' | 'patch', result: 'ok' | 'failed', seconds: number): void {
    this.#syncs.observe({ call, result }, seconds);
  }

  read(seconds: number): void {
    this.#reads.observe(seconds);
  }

  configured(outcome: ConfigurationOutcome, seconds: number): void {
    this.#configurations.observe({ outcome }, seconds);
  }

  backedUp(outcome: 'kept' | 'unchanged' | 'tooLarge' | 'failed', seconds: number): void {
    this.#backups.observe({ outcome }, seconds);
  }

  /** Shows the loops' outcomes and what waits in their queues, the node, its tunnels, and so many routers. */
  observe({ controllers, facts, routerSeries, listened }: Observed): void {
    registerScraped(this.#registry, [
      ...nodeMetrics(facts),
      listenedGauge(listened),
      ...tunnelMetrics(facts),
      ...routerMetrics(facts, routerSeries),
      {
        name: 'tto_gateway_reconciles_total',
        help: 'Reconciles by loop and outcome.',
        type: 'counter',
        labelNames: ['controller', 'outcome'],
        *series() {
          for (const { name, outcomes } of controllers) {
            for (const [outcome, count] of Object.entries(outcomes)) yield [[name, outcome], count];
          }
        },
      },
      {
        name: 'tto_gateway_queue_depth',
        help: 'Keys of a loop that wait to be worked on.',
        type: 'gauge',
        labelNames: ['controller'],
        *series() {
          for (const { name, queue } of controllers) yield [[name], queue.depth];
        },
      },
      {
        name: 'tto_gateway_queue_wait_seconds',
        help: 'How long the oldest key of a loop has been waiting to be worked on.',
        type: 'gauge',
        labelNames: ['controller'],
        *series() {
          for (const { name, queue } of controllers) yield [[name], queue.stats().longestWaitMs / 1000];
        },
      },
    ]);
  }
}
