/** A small one of test/integration/scale/one-among-thousands-bench.ts, judged by who is served before whom. */
import { jest } from '@jest/globals';
import { Stage } from '../../../bench/stage.ts';
import { oneAmongThousands, PLACES } from './one-among-thousands.ts';
import { tell } from './tell.ts';

jest.setTimeout(400_000);

const ROUTERS = 1_500;
/**
 * A second's work on a machine that has nothing else to do (3.6 ms each, bench/results/bulk-1000.json); waiting for all of
 * them would be five. A new tenant's waits for those in work three times: 48 of them, for itself, its tunnel, and itself.
 */
const AHEAD = 278;

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.start();
});
afterAll(() => stage?.stop());

test('one Router is served at once while thousands are worked off: of their tenant, of another, of a new one', async () => {
  const waited = await oneAmongThousands(stage, { routers: ROUTERS, tenants: 1, live: false, times: 3 });
  const during = waited.filter(({ left }) => left > 0);
  for (const place of PLACES) {
    const own = during.filter((one) => one.place === place);
    tell(
      `${place}: ${own.map(({ ms, servedMeanwhile }) => `${Math.round(ms)} ms, ${servedMeanwhile} served`)}`,
    );
    expect(own.length).toBeGreaterThan(0);
    for (const { servedMeanwhile } of own) expect(servedMeanwhile).toBeLessThan(AHEAD);
  }
});
