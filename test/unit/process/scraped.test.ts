import { Registry } from 'prom-client';
import { registerScraped, scrapedGauge } from '../../../src/process/index.ts';
import { createRegistry, metricsText } from '../../../src/process/metrics.ts';

test('series are those of the moment of asking, and hostile labels stay labels', async () => {
  const registry = new Registry();
  const names = ['one', 'a "b"\\\n'];
  registerScraped(registry, [
    {
      name: 'things_total',
      help: 'Things.',
      type: 'counter',
      labelNames: ['name'],
      *series() {
        for (const name of names) yield [[name], name.length];
      },
    },
    scrapedGauge('level', 'Level.', () => names.length),
  ]);
  expect(await registry.metrics()).toBe(
    [
      '# HELP things_total Things.\n# TYPE things_total counter',
      'things_total{name="one"} 3\nthings_total{name="a \\"b\\"\\\\\\n"} 7\n',
      '# HELP level Level.\n# TYPE level gauge\nlevel 2\n',
    ].join('\n'),
  );
  names.pop();
  expect(await registry.metrics()).toContain('level 1');
});

test('a name is registered once', () => {
  const registry = new Registry();
  const level = scrapedGauge('level', 'Level.', () => 1);
  registerScraped(registry, [level]);
  expect(() => registerScraped(registry, [level])).toThrow('already been registered');
});

test('metric by metric the text is that of the whole registry', async () => {
  const registry = new Registry();
  registerScraped(registry, [
    scrapedGauge('level', 'Level.', () => 1),
    scrapedGauge('depth', 'Depth.', () => 2),
  ]);
  const texts: string[] = [];
  for await (const text of metricsText(registry)) texts.push(text);
  expect(texts).toHaveLength(2);
  expect(texts.join('').trimEnd()).toBe((await registry.metrics()).trimEnd());
});

test('no gauge of a process has a counter’s name', async () => {
  const metrics = createRegistry({ version: '1', process: 'agent' }).getMetricsAsArray();
  const text = await createRegistry({ version: '1', process: 'agent' }).metrics();
  const gauges = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name ?? '');
  expect(metrics.length).toBeGreaterThan(10);
  expect(gauges.filter((name) => name.endsWith('_total'))).toEqual([]);
});
