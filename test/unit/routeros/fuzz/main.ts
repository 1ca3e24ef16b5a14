/**
 * Lets API clients meet hostile streams: `node --expose-gc test/unit/routeros/fuzz/main.ts --runs 1000000 --seed 1`. Prints how
 * commands ended and the most memory that was held; exit code 1 where one crashed, waited without end, or grew.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './run.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const [first, runs] = [Number(values.seed), Number(values.runs)];
const AT_ONCE = 100;
const LOOK_EVERY = 20_000;
/** More than so much above the start, after a collection, and something is held that should not be. */
const MOST_GROWTH_BYTES = 64 * 1024 * 1024;

const held = (): number => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const crashes: string[] = [];
process.on('uncaughtException', (error) => crashes.push(`uncaught: ${error.stack}`));
process.on('unhandledRejection', (error) => crashes.push(`unhandled: ${String(error)}`));

const began = performance.now();
const ends = new Map<string, number>();
const faults: string[] = [];
let bytes = 0;
let atFirst = 0;
let most = 0;
for (let seed = first; seed < first + runs && faults.length < 10; seed += AT_ONCE) {
  const seeds = Array.from({ length: Math.min(AT_ONCE, first + runs - seed) }, (_, at) => seed + at);
  for (const [at, outcome] of (await Promise.all(seeds.map(fuzz))).entries()) {
    bytes += outcome.bytes;
    for (const end of outcome.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    if (outcome.fault !== undefined) faults.push(`seed ${seed + at}: ${outcome.fault}`);
  }
  if ((seed - first) % LOOK_EVERY === 0) {
    most = Math.max(most, held());
    if (atFirst === 0) atFirst = most;
  }
}
const seconds = (performance.now() - began) / 1000;
if (most - atFirst > MOST_GROWTH_BYTES)
  faults.push(`${most - atFirst} bytes more are held than at the start`);

console.log(
  `${runs} streams (seeds ${first} to ${first + runs - 1}), ${(bytes / 2 ** 20).toFixed(0)} MiB, in ${seconds.toFixed(0)} s`,
);
console.log(
  `commands: ${[...ends]
    .sort()
    .map(([end, count]) => `${end} ${count}`)
    .join(', ')}`,
);
console.log(
  `held at the start ${(atFirst / 2 ** 20).toFixed(1)} MiB, at most ${(most / 2 ** 20).toFixed(1)} MiB; ${faults.length} faults, ${crashes.length} crashes`,
);
for (const line of [...faults, ...crashes].slice(0, 20)) console.log(line);
process.exitCode = faults.length + crashes.length === 0 ? 0 : 1;
