import { join } from 'node:path';
import { percentile } from '../../../bench/percentile.ts';
import { barChart } from '../../../bench/plot.ts';
import { reportFiles } from '../../../bench/report.ts';
import { outdated } from '../../../src/api/written-files.ts';

test('docs/benchmarks.md says what the results say', () => {
  expect(outdated(join(import.meta.dirname, '..', '..', '..'), reportFiles())).toEqual([]);
});

test('of a hundred values the 99th percentile is the second largest, of one it is that', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test('a bar is as high as its value', () => {
  const svg = barChart({
    title: 'a < b',
    unit: 'ms',
    series: ['one', 'two'],
    groups: [{ label: 'x', values: [5, 10] }],
  });
  const heights = [...svg.matchAll(/<rect [^>]*height="([\d.]+)" fill="[^"]*"\/><text/g)].map(([, height]) =>
    Number(height),
  );
  expect(heights.slice(0, 2)).toEqual([110, 220]);
  expect(svg).toContain('a &lt; b');
});
