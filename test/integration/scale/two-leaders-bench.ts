/**
 * Two leaders at once: `node test/integration/scale/two-leaders-bench.ts [SECONDS [ROUTERS [TUNNELS]]]`. Result:
 * bench/results/two-leaders.json.
 */
import { saveResult } from '../../../bench/results.ts';
import { twoLeaders } from './two-leaders.ts';

const [seconds = 120, routers = 4_000, tunnels = 10] = process.argv.slice(2).map(Number);
const seed = Number(process.env.SEED ?? Date.now() % 1e6);
const { duplicates, changed, leaks, unserved, flaps, stories, ...figures } = await twoLeaders({
  seconds,
  routers,
  tunnels,
  seed,
});
const problems = [...duplicates, ...changed, ...leaks, ...unserved, ...flaps];
for (const line of [...problems, ...stories].slice(0, 100)) console.log(line);
const metrics = {
  seed,
  ...figures,
  duplicates: duplicates.length,
  takenBack: changed.length,
  leaks: leaks.length,
  unserved: unserved.length,
  flaps: flaps.length,
};
console.log(JSON.stringify(metrics));
console.log(saveResult('two-leaders', metrics));
process.exitCode = problems.length + figures.writesAtRest + figures.writesOfTheNext > 0 ? 1 : 0;
