/** The alerts, as Prometheus reads and evaluates them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type OwnedDirectory, ownedDirectory } from '../../testbed/lifetime.ts';
import { promtool } from '../../testbed/promtool.ts';
import { CHART } from '../chart/chart.ts';
import { ALERT_CASES, type AlertCase, type Fires } from './alert-cases.ts';

const FILE = join(CHART, 'monitoring', 'alerts.yaml');
const RUNBOOK = join(import.meta.dirname, '..', '..', '..', 'docs', 'runbook.md');
const PREFIX = 'TenantTunnel';

interface Rule {
  alert: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}

const rules: Rule[] = parse(readFileSync(FILE, 'utf8')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
let owned: OwnedDirectory;

beforeAll(() => {
  owned = ownedDirectory('alerts');
});
afterAll(() => owned?.remove());

test('promtool has nothing against the rules', async () => {
  const said = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', FILE]);
  expect(said).toContain(`${rules.length} rules found`);
});

test('each alert has cases in which it fires and in which it does not', () => {
  expect(Object.keys(ALERT_CASES).map((name) => PREFIX + name)).toEqual(rules.map(({ alert }) => alert));
  for (const [name, cases] of Object.entries(ALERT_CASES)) {
    expect([name, cases.some(({ fires }) => fires.length > 0)]).toEqual([name, true]);
    expect([name, cases.some(({ fires }) => fires.length === 0)]).toEqual([name, true]);
  }
});

describe('each alert', () => {
  const sections = new Map(
    readFileSync(RUNBOOK, 'utf8')
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0] ?? '', section]),
  );

  test('says what is, what to do, how bad it is, and where more stands', () => {
    for (const { alert, labels, annotations } of rules) {
      expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(critical|warning)$/)]);
      expect([alert, annotations.summary.length < 120]).toEqual([alert, true]);
      expect([alert, annotations.description]).toEqual([alert, expect.stringMatching(/\.$|\}\}$/)]);
      expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbook\\.md#${alert.toLowerCase()}$`));
    }
  });

  test('has a section in docs/runbook.md that says what it means and what to do, and no other has one', () => {
    const told = [...sections.keys()].filter((title) => title.startsWith(PREFIX));
    expect(told).toEqual(rules.map(({ alert }) => alert));
    for (const name of told) {
      for (const part of ['**Means**', '**Look**', '**Do**'])
        expect([name, sections.get(name)]).toEqual([name, expect.stringContaining(part)]);
    }
  });
});

/** What the alert says then; of Prometheus' templates as many as the file uses. */
function annotationsOf({ annotations }: Rule, { labels = {}, value = '' }: Fires): Record<string, string> {
  const filled = (text: string): string =>
    text
      .replace(/\{\{ with \$labels\.(\w+) \}\}(.*?)\{\{ end \}\}/g, (_, name: string, inner: string) =>
        labels[name] === undefined ? '' : inner.replace('{{ . }}', labels[name]),
      )
      .replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
      .replace(/\{\{ \$value( \| \w+)? \}\}/g, value);
  return Object.fromEntries(Object.entries(annotations).map(([name, text]) => [name, filled(text)]));
}

const testOf = (rule: Rule, { name, series, at, fires }: AlertCase) => ({
  name: `${rule.alert}: ${name}`,
  interval: '1m',
  input_series: Object.entries(series).map(([metric, values]) => ({ series: metric, values })),
  alert_rule_test: [
    {
      eval_time: at,
      alertname: rule.alert,
      exp_alerts: fires.map((one) => ({
        exp_labels: { ...rule.labels, ...one.labels },
        exp_annotations: annotationsOf(rule, one),
      })),
    },
  ],
});

async function evaluate(tests: readonly object[]): Promise<string> {
  const file = join(owned.path, `test-${Math.random()}.yaml`);
  writeFileSync(file, stringify({ rule_files: [FILE], evaluation_interval: '1m', tests }));
  return promtool(['test', 'rules', file]);
}

test.each(rules.map((rule) => [rule.alert, rule] as const))(
  '%s fires when it should, and else does not',
  async (_, rule) => {
    const cases = ALERT_CASES[rule.alert.slice(PREFIX.length)] ?? [];
    expect(await evaluate(cases.map((one) => testOf(rule, one)))).toContain('SUCCESS');
  },
);

test('a case that is wrong would fail', async () => {
  const [rule] = rules;
  const [fires, ...rest] = ALERT_CASES.ControllerNotLeading ?? [];
  if (rule === undefined || fires === undefined) throw new Error('There is no alert.');
  await expect(evaluate([testOf(rule, { ...fires, fires: [] })])).rejects.toThrow('FAILED');
  const quiet = rest.find((one) => one.fires.length === 0);
  if (quiet === undefined) throw new Error('There is no case in which it does not fire.');
  await expect(evaluate([testOf(rule, { ...quiet, fires: [{}] })])).rejects.toThrow('FAILED');
});
