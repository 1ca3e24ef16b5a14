/** What is written of metrics, held against the metrics that the processes register. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { dashboard, ROWS, VARIABLES } from '../../../deploy/dashboard.ts';
import { type KnownMetric, knownMetrics, metricsReference } from '../../../deploy/metrics-reference.ts';
import { monitoringFiles } from '../../../deploy/monitoring.ts';
import { namedIn } from './promql.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const known = knownMetrics();
/** What Prometheus, or the ServiceMonitor, gives every series. */
const TARGET = ['job', 'instance', 'pod', 'node'];
const OF_PROMETHEUS: KnownMetric = { name: 'up', type: 'gauge', labels: [], help: '', processes: [] };

function metric(series: string): KnownMetric {
  const histogram = known.get(series.replace(/_(bucket|sum|count)$/, ''));
  const found = histogram?.type === 'histogram' && histogram.name !== series ? histogram : known.get(series);
  if (found?.type === 'histogram' && found.name === series) throw new Error(`${series} is a histogram.`);
  if (found !== undefined || series === 'up') return found ?? OF_PROMETHEUS;
  throw new Error(`There is no metric ${series}.`);
}

test('docs/metrics.md has every metric as it is registered; else run: make generate', () => {
  expect(read('docs/metrics.md')).toBe(metricsReference());
  expect(known.size).toBeGreaterThan(60);
});

test('every metric of ours has a sentence, a name of its room, and a counter’s name only if it is one', () => {
  for (const { name, help, type } of known.values()) {
    if (!name.startsWith('tto_')) continue;
    expect([name, help]).toEqual([name, expect.stringMatching(/^[A-Z0-9].{8,}\.$/)]);
    expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  }
});

test('alerts and dashboard are written out; else run: make generate', () => {
  for (const [path, text] of monitoringFiles()) expect([path, read(path)]).toEqual([path, text]);
});

interface Query {
  where: string;
  expr: string;
  /** Labels that a person is shown. */
  shown: string[];
}

const rules: { alert: string; expr: string; annotations: Record<string, string> }[] = parse(
  read('charts/tenant-tunnel-operator/monitoring/alerts.yaml'),
).groups.flatMap(({ rules }: { rules: [] }) => rules);
const alerts: Query[] = rules.map(({ alert, expr, annotations }) => ({
  where: alert,
  expr,
  shown: [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label ?? ''),
}));
const panels: Query[] = ROWS.flatMap((row) =>
  row.panels.flatMap(({ title, queries }) =>
    queries.map(({ expr, legend }) => ({
      where: `${row.title}, ${title}`,
      expr,
      shown: [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? ''),
    })),
  ),
);
const variables: Query[] = VARIABLES.map(({ name, query }) => {
  const [, expr = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
  return { where: `variable ${name}`, expr, shown: [label] };
});

test.each([...alerts, ...panels, ...variables])('$where: $expr asks for what there is', ({ expr, shown }) => {
  const { metrics, groupings } = namedIn(expr);
  expect(metrics.length).toBeGreaterThan(0);
  for (const { name, matchers } of metrics) {
    const labels = [...metric(name).labels, ...TARGET];
    for (const [label] of matchers) expect([name, labels]).toEqual([name, expect.arrayContaining([label])]);
  }
  const all = [...metrics.flatMap(({ name }) => metric(name).labels), ...TARGET, 'le'];
  expect(all).toEqual(expect.arrayContaining([...groupings]));
  // What is not named in an aggregation is lost by it.
  const left = /\b(by|without)\b|^(sum|max|min)\(/.test(expr) ? groupings : all;
  expect(left).toEqual(expect.arrayContaining(shown));
});

test('the dashboard has panels beside each other and not upon each other, each with a unit', () => {
  const { panels: placed, templating } = JSON.parse(dashboard());
  const taken = new Map<string, string>();
  for (const { title, gridPos } of placed) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        expect([title, taken.get(`${x},${y}`)]).toEqual([title, undefined]);
        taken.set(`${x},${y}`, title);
      }
    }
  }
  const names: string[] = templating.list.map(({ name }: { name: string }) => name);
  const used = new Set([...dashboard().matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name ?? ''));
  expect([...used].sort()).toEqual([...names].sort());
});

test('the scanner sees metrics, matchers and groupings, and takes neither functions nor words for them', () => {
  const expr =
    'sum by (a, b) (rate(one_total{x="1, {2}",y=~"(z)"}[5m])) / on (c) group_left (d) two > bool 0 and time() - three:x or label_replace(four, "n", "$1", "x", "(.*)")';
  expect(namedIn(expr)).toEqual({
    metrics: [
      {
        name: 'one_total',
        matchers: [
          ['x', '1, {2}'],
          ['y', '(z)'],
        ],
      },
      ...['two', 'three:x', 'four'].map((name) => ({ name, matchers: [] })),
    ],
    groupings: ['a', 'b', 'c', 'd'],
  });
  expect(() => metric('tto_no_such_metric')).toThrow('There is no metric');
  expect(() => metric('tto_kube_request_seconds')).toThrow('is a histogram');
});
