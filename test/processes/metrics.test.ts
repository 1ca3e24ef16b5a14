/** What the running processes tell at /metrics, as Prometheus' own tool reads it and as the documents have it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { knownMetrics } from '../../deploy/metrics-reference.ts';
import { promtool } from '../testbed/promtool.ts';
import type { ProcessName } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { tell, World } from './world.ts';

jest.setTimeout(180_000);

const PROCESSES: readonly ProcessName[] = ['controller', 'agent', 'sidecar'];
const TUNNEL = 'namespace="acme",tunnel="acme"';
const ROUTER = 'namespace="acme",router="branch-1"';

let world: World;
const pages = new Map<ProcessName, string>();
const page = (name: ProcessName): string => pages.get(name) ?? '';
const value = (series: string): number | undefined => {
  const line = [...pages.values()]
    .flatMap((text) => text.split('\n'))
    .find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
const read = async (): Promise<void> => {
  for (const name of PROCESSES) pages.set(name, await world.system.metrics(name));
};

beforeAll(async () => {
  // With all that has metrics of its own.
  const agent = ['--router-series=100', '--relay-address=127.0.0.1:0', '--relay-advertise=127.0.0.1'];
  world = await World.start({ namespaces: ['acme'], flags: { agent } });
  await world.bringOnline('acme/branch-1', '7.16.2');
  await waitFor('the tunnel counts it', () => world.tunnel('acme/acme').status?.routers?.online === 1);
  // The sidecar's counters are read every now and then: at first they are those of a tunnel that nobody has spoken in.
  await waitFor('what it has sent is counted', async () => {
    await read();
    return (value(`tto_tunnel_sent_bytes_total{${TUNNEL}}`) ?? 0) > 0;
  });
});
afterAll(() => world?.stop());

test.each(PROCESSES)('promtool has nothing against the page of the %s', async (name) => {
  expect(await promtool(['check', 'metrics'], page(name))).toBe('');
  tell(`${name}: ${page(name).match(/^[a-z]/gm)?.length} series, ${page(name).length} bytes`);
});

test('promtool would have something against a name that is none', async () => {
  const wrong = '# HELP waits_total Waits.\n# TYPE waits_total gauge\nwaits_total 1\n';
  await expect(promtool(['check', 'metrics'], page('agent') + wrong)).rejects.toThrow(/exit code/);
});

test.each(PROCESSES)('the %s has the metrics that docs/metrics.md says, and no others', (name) => {
  const told = [...page(name).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
    ([, metric, type]) => `${metric} ${type}`,
  );
  const documented = [...knownMetrics().values()].filter(({ processes }) => processes.includes(name));
  expect(told.sort()).toEqual(documented.map(({ name: metric, type }) => `${metric} ${type}`).sort());
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'metrics.md'), 'utf8');
  for (const metric of documented) expect(text).toContain(`| \`${metric.name}\` | ${metric.type} |`);
});

test.each(PROCESSES)('each series of the %s has the labels that its metric has', (name) => {
  const known = knownMetrics();
  for (const [, series = '', labels = ''] of page(name).matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
    const metric = known.get(series) ?? known.get(series.replace(/_(bucket|sum|count)$/, ''));
    const named = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label);
    const allowed = [...(metric?.labels ?? []), ...(metric?.type === 'histogram' ? ['le'] : [])];
    expect([series, allowed]).toEqual([series, expect.arrayContaining(named)]);
  }
});

test('no series comes twice', () => {
  for (const text of pages.values()) {
    const series = [...text.matchAll(/^([a-z]\S*(?:\{.*\})?) \S+$/gm)].map(([, one]) => one);
    expect(new Set(series).size).toBe(series.length);
  }
});

test('they tell what is', () => {
  const expected = {
    tto_controller_leading: 1,
    tto_controller_routers: 1,
    'tto_controller_tunnels{state="live"}': 1,
    tto_controller_ledger_unreadable: 0,
    'tto_routers_by_phase{phase="Online"}': 1,
    'tto_gateways{state="ready"}': 1,
    'tto_gateways{state="silent"}': 0,
    'tto_class_tunnels{class="standard"}': 1,
    [`tto_tunnel_addresses_used{${TUNNEL}}`]: 1,
    tto_gateway_sidecar_up: 1,
    tto_gateway_tunnels: 1,
    tto_gateway_peers: 1,
    tto_gateway_router_series_omitted: 0,
    [`tto_tunnel_programmed{${TUNNEL}}`]: 1,
    [`tto_tunnel_routers{${TUNNEL},state="connected"}`]: 1,
    [`tto_tunnel_routers{${TUNNEL},state="offline"}`]: 0,
    [`tto_tunnel_routers_online{${TUNNEL}}`]: 1,
    [`tto_tunnel_transitions_total{${TUNNEL},to="connected"}`]: 1,
    [`tto_router_connected{${ROUTER}}`]: 1,
    [`tto_router_online{${ROUTER}}`]: 1,
    [`tto_router_connections_total{${ROUTER}}`]: 1,
    tto_sidecar_active: 1,
    tto_sidecar_lost_total: 0,
  };
  expect(Object.fromEntries(Object.keys(expected).map((series) => [series, value(series)]))).toEqual(
    expected,
  );
  const ago = Date.now() / 1000 - (value(`tto_router_last_handshake_timestamp_seconds{${ROUTER}}`) ?? 0);
  expect(ago).toBeLessThan(180);
  expect(value(`tto_tunnel_last_handshake_timestamp_seconds{${TUNNEL}}`)).toBeGreaterThan(0);
  expect(value(`tto_router_received_bytes_total{${ROUTER}}`)).toBeGreaterThan(0);
  expect(value(`tto_tunnel_sent_bytes_total{${TUNNEL}}`)).toBeGreaterThan(0);
});

test('a router that is gone has no series any more', async () => {
  await world.remove('acme/branch-1');
  await waitFor('its peer is off the node', async () => {
    await read();
    return value('tto_gateway_peers') === 0;
  });
  expect(page('agent')).not.toContain('router="branch-1"');
});
