import type { History, Step } from './steps.ts';
import type { Fault } from './weather.ts';
import type { Outcome } from './world.ts';

type Try = (history: History) => Promise<Outcome>;

/** Runs spent on making one history smaller. */
const MOST_RUNS = 1500;

/** The smallest history found that breaks the same invariant: fewer steps, then fewer faults, then less waiting. */
export async function shrunk(history: History, run: Try): Promise<History> {
  const { violation } = await run(history);
  let left = MOST_RUNS;
  const breaks = async (candidate: History): Promise<boolean> => {
    if (left-- <= 0) return false;
    return (await run(candidate)).violation?.invariant === violation?.invariant;
  };
  let best = history;
  for (let before = ''; before !== JSON.stringify(best) && left > 0; ) {
    before = JSON.stringify(best);
    best = await fewerSteps(best, breaks);
    best = await fewerFaults(best, (await run(best)).faults, breaks);
    best = await plainerSteps(best, breaks);
  }
  return best;
}

/** Leaves out as many items as it can, larger pieces first (Zeller's ddmin). */
async function fewest<T>(items: readonly T[], isEnough: (items: T[]) => Promise<boolean>): Promise<T[]> {
  let kept = [...items];
  for (let size = kept.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const without = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (await isEnough(without)) kept = without;
      else at += size;
    }
  }
  return kept;
}

async function fewerSteps(
  history: History,
  breaks: (history: History) => Promise<boolean>,
): Promise<History> {
  const steps = await fewest(history.steps, (left) => breaks({ ...history, steps: left }));
  return { ...history, steps };
}

async function fewerFaults(
  history: History,
  met: Outcome['faults'],
  breaks: (history: History) => Promise<boolean>,
): Promise<History> {
  const only = (faults: readonly [string, Fault][]): History => ({
    ...history,
    faults: Object.fromEntries(faults),
  });
  const all = Object.entries(met);
  if (!(await breaks(only(all)))) return history;
  return only(await fewest(all, (kept) => breaks(only(kept))));
}

async function plainerSteps(
  history: History,
  breaks: (history: History) => Promise<boolean>,
): Promise<History> {
  let best = history;
  for (const [at, step] of history.steps.entries()) {
    for (const plainer of plainerThan(step)) {
      const candidate = { ...best, steps: best.steps.with(at, plainer) };
      if (JSON.stringify(candidate) === JSON.stringify(best) || !(await breaks(candidate))) continue;
      best = candidate;
      break;
    }
  }
  return best;
}

function* plainerThan(step: Step): Generator<Step> {
  for (const after of [0, 100, 2000]) if (after < step.after) yield { ...step, after };
  if (step.do === 'weather') yield { ...step, name: 'calm' };
  if (step.do !== 'apply' || step.kind === 'tunnelclasses') return;
  for (const field of Object.keys(step.spec)) {
    if (field === 'tenant' || field === 'tunnelRef') continue;
    yield { ...step, spec: Object.fromEntries(Object.entries(step.spec).filter(([name]) => name !== field)) };
  }
}
