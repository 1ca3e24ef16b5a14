import { Counter, Registry } from 'prom-client';
import { registerScraped, scrapedGauge } from '../../../src/process/index.ts';
import { createRegistry } from '../../../src/process/metrics.ts';
import { metricsText } from '../../../src/process/scraped.ts';

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

describe('the text in pieces', () => {
  const inPieces = async (registry: Registry): Promise<string[]> => {
    const texts: string[] = [];
    for await (const text of metricsText(registry)) texts.push(text);
    return texts;
  };

  test('is that of the whole registry, of metrics of both kinds and whatever their labels and values', async () => {
    const registry = new Registry();
    new Counter({ name: 'things_total', help: 'Things.', registers: [registry] }).inc(3);
    const hostile = ['', 'plain', 'a "b"', '\\', '\n', '\\"\n{}=,é☃'];
    const values = [0, 1.5, -1, 1e21, 1e-7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    registerScraped(registry, [
      scrapedGauge('level', 'Level \\ of\nall.', () => 1),
      {
        name: 'pairs_total',
        help: 'Pairs.',
        type: 'counter',
        labelNames: ['one', 'other'],
        *series() {
          for (const one of hostile) for (const value of values) yield [[one, String(value)], value];
        },
      },
      { name: 'nothing', help: 'Nothing.', type: 'gauge', series: () => [] },
    ]);
    // Which prom-client writes in a way of its own.
    const whole = (await registry.metrics()).replaceAll(' Nan', ' NaN');
    expect((await inPieces(registry)).join('').trimEnd()).toBe(whole.trimEnd());
  });

  test('is never long, however many series there are', async () => {
    const registry = new Registry();
    registerScraped(registry, [
      {
        name: 'many',
        help: 'Many.',
        type: 'gauge',
        labelNames: ['number'],
        *series() {
          for (let number = 0; number < 20_000; number += 1) yield [[`number ${number}`], number];
        },
      },
    ]);
    const texts = await inPieces(registry);
    expect(texts.join('').match(/^many/gm)).toHaveLength(20_000);
    expect(Math.max(...texts.map(({ length }) => length))).toBeLessThan(33 * 1024);
  });
});

test('no gauge of a process has a counter’s name', async () => {
  const metrics = createRegistry({ version: '1', process: 'agent' }).getMetricsAsArray();
  const text = await createRegistry({ version: '1', process: 'agent' }).metrics();
  const gauges = [...text.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name ?? '');
  expect(metrics.length).toBeGreaterThan(10);
  expect(gauges.filter((name) => name.endsWith('_total'))).toEqual([]);
});
