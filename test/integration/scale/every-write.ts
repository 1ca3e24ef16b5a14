/**
 * Kills the controller at every write of the scenario, once for each fate of that write (FATES=lost,done,late for some):
 * `node test/integration/scale/every-write.ts [FIRST [LAST [STEP]]]`. Takes about 5 s a kill. Result:
 * bench/results/every-write-FATES.json.
 */
import { saveResult } from '../../../bench/results.ts';
import { FATES, type Fate, killAtWrite, type Outcome, problemsOf } from './kill-at-write.ts';
import { Stage } from './stage.ts';

const [first = 1, last = Number.POSITIVE_INFINITY, step = 1] = process.argv.slice(2).map(Number);
const fates = FATES.filter((fate) => (process.env.FATES ?? fate).split(',').includes(fate));

const sums = { kills: 0, duplicates: 0, changed: 0, leaks: 0, unserved: 0 };
const byAct = [0, 0, 0];
let writes = 0;
const began = performance.now();
const seconds = (): number => Math.round((performance.now() - began) / 1000);

const stage = await Stage.open();
try {
  await (await stage.next()).untilLeading();
  const undisturbed = await once(Number.POSITIVE_INFINITY, 'lost');
  writes = undisturbed.writes;
  console.log(`undisturbed: ${writes} writes`);
  for (let k = first, isOver = false; k <= last && !isOver; k += step) {
    isOver = true;
    for (const fate of fates) if ((await once(k, fate)).killedIn !== undefined) isOver = false;
    if (k % (10 * step) === first % (10 * step)) console.log(`${k}: ${JSON.stringify(sums)} ${seconds()} s`);
  }
} finally {
  await stage.close();
}
const metrics = {
  fates: fates.join(),
  from: first,
  writes,
  step,
  ...sums,
  killsByAct: byAct,
  seconds: seconds(),
};
console.log(JSON.stringify(metrics));
console.log(saveResult(`every-write-${fates.join('-')}`, metrics));
process.exitCode = sums.duplicates + sums.changed + sums.leaks + sums.unserved > 0 ? 1 : 0;

async function once(k: number, fate: Fate): Promise<Outcome> {
  const outcome = await killAtWrite(stage, k, fate);
  if (outcome.killedIn !== undefined) {
    sums.kills++;
    byAct[outcome.killedIn] = (byAct[outcome.killedIn] ?? 0) + 1;
  }
  const { duplicates, changed, leaks, unserved } = outcome;
  sums.duplicates += duplicates.length;
  sums.changed += changed.length;
  sums.leaks += leaks.length;
  sums.unserved += unserved.length;
  const problems = problemsOf(outcome);
  if (problems.length > 0) {
    console.log(`write ${k}, ${fate}, act ${outcome.killedIn}:\n  ${problems.slice(0, 20).join('\n  ')}`);
    console.log(stage.controller.log.split('\n').slice(-15).join('\n'));
    await stage.startOver();
  } else {
    await stage.clear();
  }
  return outcome;
}
