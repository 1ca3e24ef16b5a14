/**
 * Kills the controller at every write of the scenario: `node test/integration/scale/every-write.ts [ROUNDS [FIRST [LAST]]]`.
 * In a round each write meets one of its fates, in three all of them. Takes about 5 s a kill. Result, after each round:
 * bench/results/every-write.json.
 */
import { saveResult } from '../../../bench/results.ts';
import { FATES, type Fate, killAtWrite, type Outcome, problemsOf } from './kill-at-write.ts';
import { Stage } from './stage.ts';

const [rounds = FATES.length, first = 1, last = Number.POSITIVE_INFINITY] = process.argv.slice(2).map(Number);
const TOLD_EVERY = 20;

const sums = { kills: 0, duplicates: 0, takenBack: 0, leaks: 0, unserved: 0 };
const killsByAct = [0, 0, 0];
const killsByRound: number[] = [];
const killsByFate = Object.fromEntries(FATES.map((fate) => [fate, 0]));
const began = performance.now();

const stage = await Stage.open();
try {
  await (await stage.next()).untilLeading();
  const { writes } = await once(Number.POSITIVE_INFINITY, 'lost');
  console.log(`undisturbed: ${writes} writes`);
  for (let round = 0; round < rounds; round++) {
    killsByRound.push(await sweep(round));
    const metrics = {
      writesUndisturbed: writes,
      from: first,
      killsByRound,
      killsByFate,
      killsByAct,
      ...sums,
    };
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(saveResult('every-write', { ...metrics, seconds }), JSON.stringify({ ...metrics, seconds }));
  }
} finally {
  await stage.close();
}
process.exitCode = sums.duplicates + sums.takenBack + sums.leaks + sums.unserved > 0 ? 1 : 0;

/** Until the scenario ends before it has come to so many writes. */
async function sweep(round: number): Promise<number> {
  for (let k = first, early = 0; ; k++) {
    const fate = FATES[(k + round) % FATES.length] ?? 'lost';
    // A run may do with fewer writes than the next: three that end early are the end.
    early = (await once(k, fate)).killedIn === undefined ? early + 1 : 0;
    if (k % TOLD_EVERY === 0) console.log(`round ${round}, write ${k}: ${JSON.stringify(sums)}`);
    if (early === 3 || k >= last) return k - first + 1 - early;
  }
}

async function once(k: number, fate: Fate): Promise<Outcome> {
  const outcome = await killAtWrite(stage, k, fate);
  if (outcome.killedIn !== undefined) {
    sums.kills++;
    killsByFate[fate] = (killsByFate[fate] ?? 0) + 1;
    killsByAct[outcome.killedIn] = (killsByAct[outcome.killedIn] ?? 0) + 1;
  }
  const { duplicates, changed, leaks, unserved } = outcome;
  sums.duplicates += duplicates.length;
  sums.takenBack += changed.length;
  sums.leaks += leaks.length;
  sums.unserved += unserved.length;
  const problems = problemsOf(outcome);
  if (problems.length === 0) {
    await stage.clear();
    return outcome;
  }
  console.log(`write ${k}, ${fate}, act ${outcome.killedIn}:\n  ${problems.slice(0, 20).join('\n  ')}`);
  console.log(stage.controller.log.split('\n').slice(-15).join('\n'));
  await stage.startOver();
  return outcome;
}
