/**
 * Searches for a history that breaks the controller: `node test/world/search.ts --runs 10000 --seed 1`. One that does
 * is made small and told from its first step to the broken invariant; exit code 1.
 */
import { parseArgs } from 'node:util';
import { explained } from './explained.ts';
import { generate } from './generate/generate.ts';
import { shrunk } from './shrink.ts';
import { lived } from './world.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
const [first, runs] = [Number(values.seed), Number(values.runs)];
const began = performance.now();
let events = 0;
let writes = 0;
let broken = 0;

for (let seed = first; seed < first + runs; seed++) {
  const history = generate(seed);
  const outcome = await lived(history);
  events += outcome.events;
  writes += outcome.writes;
  if (outcome.violation === undefined) continue;
  broken++;
  console.log(`seed ${seed}: ${outcome.violation.invariant}; making it smaller`);
  const small = await shrunk(history, lived);
  console.log(`${explained(small, await lived(small, { isLoud: true }))}\n`);
}

const seconds = (performance.now() - began) / 1000;
console.log(
  `${runs} histories (seeds ${first} to ${first + runs - 1}) in ${seconds.toFixed(1)} s: ${broken} broken, ${(events / runs).toFixed(0)} events and ${(writes / runs).toFixed(0)} writes each`,
);
process.exitCode = broken === 0 ? 0 : 1;
