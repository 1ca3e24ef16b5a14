/** Measures the operator beside the floor: `node bench/run.ts [suite…]`, default all. Results: bench/results. */
import { saveResult } from './results.ts';
import { SUITES } from './suites.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => SUITES[name] === undefined);
if (unknown.length > 0) {
  console.error(`No suite is called ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
  process.exit(2);
}
const began = performance.now();
const say = (line: string): void =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`);
for (const name of asked.length > 0 ? asked : Object.keys(SUITES)) {
  say(`suite ${name}`);
  await SUITES[name]?.((result, metrics) => {
    say(`${result}: ${saveResult(result, metrics)}`);
    console.log(JSON.stringify(metrics, null, 2));
  }, say);
}
