/** docs/metrics.md, from the metrics that the three processes register. */
import type { Registry } from 'prom-client';
import { controllerMetrics } from '../src/controller/metrics.ts';
import type { FleetFacts } from '../src/gateway/fleet-metrics.ts';
import { GatewayMetrics } from '../src/gateway/metrics.ts';
import { RelayMetrics } from '../src/gateway/relay/metrics.ts';
import { requestMetric } from '../src/main/kube-client.ts';
import { registerSidecarMetrics } from '../src/main/sidecar-metrics.ts';
import { createRegistry } from '../src/process/index.ts';

export interface KnownMetric {
  readonly name: string;
  /** `counter`, `gauge`, `histogram` or `summary` */
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** Who has it: `controller`, `agent`, `sidecar`. */
  readonly processes: readonly string[];
}

/** Of metrics that are only looked at, and not read. */
const NOTHING = {} as never;

/** Each process's own, as it registers them when it starts. */
const REGISTERED: Readonly<Record<string, (registry: Registry) => void>> = {
  controller: (registry) => {
    requestMetric(registry);
    controllerMetrics(registry, { caches: NOTHING, ledger: NOTHING, pulses: NOTHING, isLeader: NOTHING });
  },
  agent: (registry) => {
    requestMetric(registry);
    new GatewayMetrics(registry).observe({
      controllers: [],
      facts: {} as FleetFacts,
      routerSeries: 0,
      listened: NOTHING,
    });
    new RelayMetrics({ registry, isUp: NOTHING, streams: NOTHING, certificateExpires: NOTHING });
  },
  sidecar: (registry) => registerSidecarMetrics(registry, () => NOTHING),
};

/** Every metric of the program, by name. */
export function knownMetrics(): Map<string, KnownMetric> {
  const known = new Map<string, KnownMetric>();
  for (const [process, register] of Object.entries(REGISTERED)) {
    const registry = createRegistry({ version: '', process });
    register(registry);
    for (const metric of registry.getMetricsAsArray()) {
      const { name, help } = metric;
      const { labelNames: labels = [], type } = metric as unknown as { labelNames?: string[]; type: string };
      const before = known.get(name);
      known.set(name, {
        name,
        help,
        type: String(type),
        labels,
        processes: [...(before?.processes ?? []), process],
      });
    }
  }
  return known;
}

export function metricsReference(): string {
  const metrics = [...knownMetrics().values()];
  const own = metrics.filter(({ name }) => name.startsWith('tto_'));
  const nodes = metrics.filter(({ name }) => !name.startsWith('tto_'));
  return `# Metrics

<!-- Written from the metrics that the processes register by "make generate"; change them, or deploy/metrics-reference.ts. -->

Each process serves them at \`/metrics\`: the controller on port 8080, of a gateway pod the agent on 9820 and the sidecar on 9821.
[monitoring.md](monitoring.md) says how Prometheus comes to them, and what alerts and dashboard there are.

Times are in seconds, sizes in bytes; a histogram has \`_bucket\`, \`_sum\` and \`_count\` beside it. Labels \`namespace\` and \`tunnel\` are
those of the TenantTunnel, \`namespace\` and \`router\` those of the Router. Metrics \`tto_router_\` are there with
\`metrics.routerSeries\` above 0 alone, \`tto_relay_\` where \`gateway.relay.enabled\`. What a gateway standing by would say of tunnels, only the one that works says.

| metric | type | labels | process | meaning |
| --- | --- | --- | --- | --- |
${own.map(row).join('\n')}

What Node.js tells of each process:

| metric | type | labels | process | meaning |
| --- | --- | --- | --- | --- |
${nodes.map(row).join('\n')}
`;
}

function row({ name, type, labels, help, processes }: KnownMetric): string {
  const who = processes.length === Object.keys(REGISTERED).length ? 'each' : processes.join(', ');
  const cells = [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    who,
    help.replaceAll('|', '\\|'),
  ];
  return `| ${cells.join(' | ')} |`;
}
