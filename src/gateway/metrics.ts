/** What /metrics says of a gateway. Series of routers and tunnels are read from the fleet at each scrape. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Controller } from '../kube/index.ts';
import { type Fleet, ownerOf, type Tunnel } from './fleet.ts';

export interface GatewayMetricsOptions {
  registry: Registry;
  fleet: Fleet;
  isSidecarUp: () => boolean;
  /** Most routers with series of their own; 0 turns these off. */
  routerSeries: number;
}

export type ConfigurationOutcome =
  | 'configured'
  | 'LoginRefused'
  | 'RouterUnreachable'
  | 'ConfigurationFailed'
  | 'interrupted';

const BY_TUNNEL = ['namespace', 'tunnel'] as const;
const BY_ROUTER = ['namespace', 'router'] as const;

export class GatewayMetrics {
  readonly #registry: Registry;
  readonly #syncs: Histogram<'call' | 'result'>;
  readonly #reads: Histogram;
  readonly #configurations: Histogram<'outcome'>;
  readonly #received: Counter<(typeof BY_TUNNEL)[number]>;
  readonly #sent: Counter<(typeof BY_TUNNEL)[number]>;

  constructor({ registry, fleet, isSidecarUp, routerSeries }: GatewayMetricsOptions) {
    const registers = [registry];
    this.#registry = registry;
    this.#syncs = new Histogram({
      name: 'tto_gateway_tunnel_sync_seconds',
      help: 'Time of one call that changes a tunnel on the node.',
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
      help: 'Time of one attempt to configure a router.',
      labelNames: ['outcome'],
      buckets: [0.05, 0.2, 1, 5, 15, 30],
      registers,
    });
    this.#received = new Counter({
      name: 'tto_tunnel_received_bytes_total',
      help: 'Bytes received from the routers of a tunnel since the agent started.',
      labelNames: BY_TUNNEL,
      registers,
    });
    this.#sent = new Counter({
      name: 'tto_tunnel_sent_bytes_total',
      help: 'Bytes sent to the routers of a tunnel since the agent started.',
      labelNames: BY_TUNNEL,
      registers,
    });
    registerFleet(registers, fleet, isSidecarUp);
    if (routerSeries > 0) registerRouters(registers, fleet, routerSeries);
  }

  synced(call: 'put' | 'patch', result: 'ok' | 'failed', seconds: number): void {
    this.#syncs.observe({ call, result }, seconds);
  }

  /** Shows the loops' outcomes and what waits in their queues. */
  observe(controllers: readonly Controller[]): void {
    const registers = [this.#registry];
    new Counter({
      name: 'tto_gateway_reconciles_total',
      help: 'Reconciles by loop and outcome.',
      labelNames: ['controller', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { name, outcomes } of controllers) {
          for (const [outcome, count] of Object.entries(outcomes)) {
            this.inc({ controller: name, outcome }, count);
          }
        }
      },
    });
    new Gauge({
      name: 'tto_gateway_queue_wait_seconds',
      help: 'How long the oldest key of a loop has been waiting to be worked on.',
      labelNames: ['controller'],
      registers,
      collect() {
        for (const { name, queue } of controllers) {
          this.set({ controller: name }, queue.stats().longestWaitMs / 1000);
        }
      },
    });
  }

  read(seconds: number): void {
    this.#reads.observe(seconds);
  }

  configured(outcome: ConfigurationOutcome, seconds: number): void {
    this.#configurations.observe({ outcome }, seconds);
  }

  traffic(tunnel: Tunnel, rx: number, tx: number): void {
    const labels = labelsOf(tunnel);
    if (labels === undefined) return;
    if (rx > 0) this.#received.inc(labels, rx);
    if (tx > 0) this.#sent.inc(labels, tx);
  }

  forget(tunnel: Tunnel): void {
    const labels = labelsOf(tunnel);
    if (labels === undefined) return;
    this.#received.remove(labels);
    this.#sent.remove(labels);
  }
}

function labelsOf(tunnel: Tunnel): { namespace: string; tunnel: string } | undefined {
  const owner = tunnel.desired.handover?.tenantTunnel;
  return owner && { namespace: owner.namespace, tunnel: owner.name };
}

function registerFleet(registers: Registry[], fleet: Fleet, isSidecarUp: () => boolean): void {
  new Gauge({
    name: 'tto_gateway_sidecar_up',
    help: '1 while the WireGuard sidecar answers.',
    registers,
    collect() {
      this.set(isSidecarUp() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'tto_gateway_tunnels',
    help: 'Tunnels of this node.',
    registers,
    collect() {
      this.set(fleet.size);
    },
  });
  new Gauge({
    name: 'tto_gateway_tunnels_failing',
    help: 'Tunnels of this node that are not as they should be.',
    registers,
    collect() {
      this.set([...fleet.tunnels()].filter(({ problemSince }) => problemSince !== undefined).length);
    },
  });
  new Gauge({
    name: 'tto_gateway_peers',
    help: 'Peers of all tunnels of this node.',
    registers,
    collect() {
      let peers = 0;
      for (const tunnel of fleet.tunnels()) peers += tunnel.desired.peers.size;
      this.set(peers);
    },
  });
  new Gauge({
    name: 'tto_tunnel_routers_connected',
    help: 'Routers of a tunnel with a handshake in the last 180 seconds.',
    labelNames: BY_TUNNEL,
    registers,
    collect() {
      this.reset();
      for (const tunnel of fleet.tunnels()) {
        const labels = labelsOf(tunnel);
        if (labels === undefined) continue;
        let connected = 0;
        for (const link of tunnel.links.values()) if (link.state === 'Connected') connected += 1;
        this.set(labels, connected);
      }
    },
  });
  new Gauge({
    name: 'tto_tunnel_last_handshake_seconds',
    help: 'Unix time of the latest handshake of any router of a tunnel.',
    labelNames: BY_TUNNEL,
    registers,
    collect() {
      this.reset();
      for (const tunnel of fleet.tunnels()) {
        const labels = labelsOf(tunnel);
        let latest = 0;
        for (const link of tunnel.links.values()) latest = Math.max(latest, link.lastHandshake);
        if (labels !== undefined && latest > 0) this.set(labels, latest);
      }
    },
  });
}

/** One more router than the bound has no series, and a gauge says so. */
function registerRouters(registers: Registry[], fleet: Fleet, most: number): void {
  const omitted = new Gauge({
    name: 'tto_gateway_router_series_omitted',
    help: 'Routers without series of their own, because there are more than the bound.',
    registers,
  });
  new Gauge({
    name: 'tto_router_last_handshake_seconds',
    help: 'Unix time of the latest handshake of a router.',
    labelNames: BY_ROUTER,
    registers,
    collect() {
      this.reset();
      let shown = 0;
      let all = 0;
      for (const tunnel of fleet.tunnels()) {
        if (ownerOf(tunnel.desired) === undefined) continue;
        for (const [publicKey, link] of tunnel.links) {
          const router = tunnel.desired.peers.get(publicKey)?.router;
          if (router === undefined || link.lastHandshake === 0) continue;
          all += 1;
          if (all > most) continue;
          shown += 1;
          this.set({ namespace: router.namespace, router: router.name }, link.lastHandshake);
        }
      }
      omitted.set(all - shown);
    },
  });
}
