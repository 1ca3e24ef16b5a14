import { Counter, Gauge, type Registry } from 'prom-client';
import type { SidecarMetrics } from '../wireguard/index.ts';

/** Registers the sidecar's counts; they are read when somebody asks for /metrics. */
export function registerSidecarMetrics(registry: Registry, read: () => SidecarMetrics): void {
  const registers = [registry];
  new Counter({
    name: 'tto_sidecar_requests_total',
    help: 'Requests of the agent answered, by method and HTTP status.',
    labelNames: ['method', 'status'],
    registers,
    collect() {
      this.reset();
      for (const [key, count] of Object.entries(read().requests)) {
        const [method = '', status = ''] = key.split(' ');
        this.inc({ method, status }, count);
      }
    },
  });
  const total = (name: string, help: string, value: (metrics: SidecarMetrics) => number) =>
    new Counter({
      name: `tto_sidecar_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(value(read()));
      },
    });
  const now = (name: string, help: string, value: (metrics: SidecarMetrics) => number) =>
    new Gauge({
      name: `tto_sidecar_${name}`,
      help,
      registers,
      collect() {
        this.set(value(read()));
      },
    });
  total('changes_total', 'Changes made to tunnels.', ({ changes }) => changes);
  total('lost_total', 'How often WireGuard of a tunnel has ended by itself.', ({ lost }) => lost);
  total('streams_opened_total', 'Connections opened into tunnels.', ({ streamsOpened }) => streamsOpened);
  total(
    'service_drops_total',
    'Datagrams and connections to services that were not passed on.',
    ({ services }) => services.dropped,
  );
  now('service_flows', 'UDP flows of routers to services.', ({ services }) => services.flows);
  now(
    'service_connections',
    'TCP connections of routers to services that are open.',
    ({ services }) => services.connections,
  );
  now('active', '1 when this sidecar has the node, 0 while it stands by.', ({ active }) => Number(active));
  now('streams', 'Connections into tunnels that are open.', ({ streams }) => streams);
  now('operations', 'Operations that wait for or hold a tunnel.', ({ operations }) => operations);
}
