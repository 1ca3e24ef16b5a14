/** Two leaders at once: `node test/integration/scale/two-leaders-bench.ts [SECONDS [ROUTERS [TUNNELS]]]`. */
import { twoLeaders } from './two-leaders.ts';

const [seconds = 120, routers = 4_000, tunnels = 10] = process.argv.slice(2).map(Number);
const seed = Number(process.env.SEED ?? Date.now() % 1e6);
const figures = await twoLeaders({ seconds, routers, tunnels, seed });
const { duplicates, changed, leaks, unserved, stories } = figures;
for (const problem of [...duplicates, ...changed, ...leaks, ...unserved, ...stories].slice(0, 100))
  console.log(problem);
const counts = {
  duplicates: duplicates.length,
  changed: changed.length,
  leaks: leaks.length,
  unserved: unserved.length,
};
console.log(JSON.stringify({ seed, ...figures, ...counts, stories: undefined }));
