/** A sample of test/integration/scale/every-write.ts, as many kills as fit. */
import { jest } from '@jest/globals';
import { seeded } from '../../testbed/seeded.ts';
import { FATES, killAtWrite, problemsOf } from './kill-at-write.ts';
import { Stage } from './stage.ts';
import { tell } from './tell.ts';

jest.setTimeout(300_000);

const BUDGET_MS = 40_000;
const AT_LEAST = 4;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  await (await stage.next()).untilLeading();
});
afterAll(() => stage?.close());

test('a controller killed in the middle of any write loses nothing, gives nothing twice and leaves nothing behind', async () => {
  const undisturbed = await killAtWrite(stage, Number.POSITIVE_INFINITY, 'lost');
  expect(problemsOf(undisturbed)).toEqual([]);
  await stage.clear();
  const seed = Date.now() % 1_000_000;
  const random = seeded(seed);
  const began = performance.now();
  let kills = 0;
  for (; kills < AT_LEAST || performance.now() - began < BUDGET_MS; kills++) {
    const k = 1 + Math.floor(random() * undisturbed.writes);
    const fate = FATES[kills % FATES.length] ?? 'lost';
    const outcome = await killAtWrite(stage, k, fate);
    expect({ k, fate, seed, problems: problemsOf(outcome) }).toEqual({ k, fate, seed, problems: [] });
    await stage.clear();
  }
  tell(`${kills} kills among ${undisturbed.writes} writes, seed ${seed}`);
});
