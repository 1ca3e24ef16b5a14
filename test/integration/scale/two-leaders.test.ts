/** A short one of test/integration/scale/two-leaders-bench.ts. */
import { jest } from '@jest/globals';
import { tell } from './tell.ts';
import { twoLeaders } from './two-leaders.ts';

jest.setTimeout(400_000);

test('two controllers that both lead give nothing twice, leave nothing behind, take nothing back, and come to rest', async () => {
  const seed = Date.now() % 1_000_000;
  const figures = await twoLeaders({ seconds: 20, routers: 600, tunnels: 2, seed });
  const { duplicates, changed, leaks, unserved, flaps, stories, writesAtRest, writesOfTheNext, ...rest } =
    figures;
  tell(JSON.stringify({ seed, ...rest }));
  expect({
    seed,
    duplicates,
    changed,
    leaks,
    unserved,
    flaps,
    stories,
    writesAtRest,
    writesOfTheNext,
  }).toEqual({
    seed,
    duplicates: [],
    changed: [],
    leaks: [],
    unserved: [],
    flaps: [],
    stories: [],
    writesAtRest: 0,
    writesOfTheNext: 0,
  });
  expect(rest.created).toBeGreaterThan(100);
});
