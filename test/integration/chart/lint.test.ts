import { CHART, helm, prepareHelm } from './chart.ts';
import { SETTINGS } from './extremes.ts';

beforeAll(prepareHelm, 900_000);

test.each(SETTINGS)('helm lint has nothing against the chart with %s', async (_name, values) => {
  const said = await helm(['lint', '--strict', CHART], values);
  expect(said).toContain('1 chart(s) linted, 0 chart(s) failed');
  expect(said.match(/^\[(ERROR|WARNING)\].*$/gm) ?? []).toEqual([]);
});
