/**
 * One person's Router among thousands: `node test/integration/scale/one-among-thousands-bench.ts [ROUTERS]`. Result:
 * bench/results/one-among-thousands.json.
 */
import { type Metrics, saveResult } from '../../../bench/results.ts';
import { Stage } from '../../../bench/stage.ts';
import { oneAmongThousands, PLACES, type Place, type Thousands, type Waited } from './one-among-thousands.ts';

const [routers = 20_000] = process.argv.slice(2).map(Number);
const times = 20;
const CASES: Record<string, Thousands> = {
  beforeStartOneTenant: { routers, tenants: 1, live: false, times },
  liveOneTenant: { routers, tenants: 1, live: true, times },
  liveHundredTenants: { routers, tenants: 100, live: true, times },
};

const metrics: Metrics = { routers, times };
for (const [name, thousands] of Object.entries(CASES)) {
  const stage = await Stage.start();
  try {
    const all = await oneAmongThousands(stage, thousands);
    // Those who came after all was done waited for nothing.
    const waited = all.filter(({ left }) => left > 0);
    metrics[name] = Object.fromEntries(PLACES.map((place) => [place, figuresOf(waited, place)]));
    console.log(name, JSON.stringify(metrics[name], null, 2));
  } finally {
    await stage.stop();
  }
}
console.log(saveResult('one-among-thousands', metrics));

function figuresOf(waited: readonly Waited[], ofPlace: Place): Metrics {
  const own = waited.filter(({ place }) => place === ofPlace).toSorted((a, b) => a.ms - b.ms);
  return {
    times: own.length,
    medianMs: own[own.length >> 1]?.ms ?? 0,
    mostMs: own.at(-1)?.ms ?? 0,
    mostServedMeanwhile: Math.max(...own.map(({ servedMeanwhile }) => servedMeanwhile)),
  };
}
