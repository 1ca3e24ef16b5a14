/** Makes the changes of a plan: what cuts nobody off at once, the rest under an undo. */
import type { RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import { type Change, commandOf } from '../undo/change.ts';
import type { UndoInput, UndoOutcome } from '../undo/outcome.ts';
import { isRisky } from '../undo/risk.ts';
import { oneLine } from './desired.ts';
import type { Step } from './planner.ts';
import type { RowProblem } from './problem.ts';
import { ENDED, withoutStop } from './read.ts';

/** `underUndo` of ../undo. */
export type UnderUndo = (input: UndoInput) => Promise<UndoOutcome>;

export interface Line {
  /** The session in use; another one after an undo. */
  api: RouterOsApi;
  openAnother: (signal: AbortSignal) => Promise<RouterOsApi>;
  /** After an undo, since the session may be of no more use. */
  reopen: () => Promise<RouterOsApi>;
  underUndo: UnderUndo;
  signal: AbortSignal;
}

export interface Applied {
  problems: RowProblem[];
  /** Steps that were made. */
  made: Set<Step>;
  /** A change was undone: nothing more is tried on this router now. */
  stopped: boolean;
}

/** `steps` of all profiles, in their order. */
export async function applySteps(line: Line, steps: readonly Step[]): Promise<Applied> {
  const applied: Applied = { problems: [], made: new Set(), stopped: false };
  for (const profile of new Set(steps.map((step) => step.profile))) {
    if (applied.stopped) break;
    const own = steps.filter((step) => step.profile === profile);
    // What follows may rest on what is under the undo, and goes with it.
    const first = own.findIndex(({ change }) => isRisky(change));
    await directly(line, first < 0 ? own : own.slice(0, first), applied);
    if (first >= 0) await undoably(line, profile, own.slice(first), applied);
  }
  return applied;
}

/** Those that do not depend on each other go together. */
async function directly(line: Line, steps: readonly Step[], applied: Applied): Promise<void> {
  const again: Step[] = [];
  for (const batch of batches(steps)) {
    await Promise.all(
      batch.map(async (step) => {
        const problem = await attempt(line, step);
        if (problem === undefined) applied.made.add(step);
        // Its place may be taken by a row that goes later.
        else if (step.change.kind === 'add' && /already|exists|in use/i.test(problem.message))
          again.push(step);
        else applied.problems.push(problem);
      }),
    );
  }
  for (const step of again) {
    const problem = await attempt(line, step);
    if (problem === undefined) applied.made.add(step);
    else applied.problems.push(problem);
  }
}

async function attempt({ api, signal }: Line, step: Step): Promise<RowProblem | undefined> {
  try {
    await api.command(commandOf(step.change, true), { signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof RouterOsError) || ENDED.has(error.code)) throw error;
    return refused(step, error);
  }
}

const refused = ({ profile, label }: Step, error: RouterOsError): RowProblem => ({
  profile,
  row: label,
  reason: 'RouterRefused',
  message: oneLine(`${label}: ${withoutStop(error.message)}; correct it in the profile.`, 1024),
});

/** Later ones wait where they name what an earlier one makes, or where both are of one menu. */
export function batches(steps: readonly Step[]): Step[][] {
  const made: Step[][] = [];
  let names = new Set<string>();
  let menus = new Set<string>();
  for (const step of steps) {
    const { change } = step;
    const values = 'values' in change ? Object.values(change.values) : [];
    const rests = values.some((value) => value?.split(/[,/]/).some((word) => names.has(word)));
    const isFree = !rests && !(menus.has(change.path) && change.kind !== 'set');
    const last = made.at(-1);
    if (last !== undefined && isFree && last.length < MOST_AT_ONCE) last.push(step);
    else {
      made.push([step]);
      names = new Set();
      menus = new Set();
    }
    menus.add(change.path);
    if ('values' in change && change.values.name) names.add(change.values.name);
  }
  return made;
}

const MOST_AT_ONCE = 16;

async function undoably(
  line: Line,
  profile: string,
  steps: readonly Step[],
  applied: Applied,
): Promise<void> {
  // What can only be switched off until it is proven may still hold on to what goes at once.
  const goesAtOnce = ({ change }: Step): boolean => change.kind === 'remove' && !change.canDisable;
  for (const part of [steps.filter((step) => !goesAtOnce(step)), steps.filter(goesAtOnce)]) {
    if (part.length === 0 || applied.stopped) continue;
    await together(line, profile, part, applied);
  }
}

async function together(line: Line, profile: string, part: readonly Step[], applied: Applied): Promise<void> {
  const { api, openAnother, underUndo, signal } = line;
  const changes: Change[] = part.map(({ change }) => change);
  const outcome = await underUndo({ api, openAnother, changes, signal });
  if (isTooLong(outcome) && part.length > 1) {
    const half = Math.ceil(part.length / 2);
    await together(line, profile, part.slice(0, half), applied);
    if (!applied.stopped) await together(line, profile, part.slice(half), applied);
    return;
  }
  if (outcome.state === 'Kept') {
    for (const step of part) applied.made.add(step);
    line.api = await line.reopen();
    return;
  }
  applied.stopped = true;
  applied.problems.push(undoneProblem(profile, part, outcome));
}

/** What takes all of it back is longer than a router's script may be. */
const isTooLong = (outcome: UndoOutcome): boolean =>
  outcome.state === 'Refused' &&
  outcome.because instanceof RouterOsError &&
  outcome.because.code === 'TooLarge';

function undoneProblem(
  profile: string,
  steps: readonly Step[],
  outcome: Exclude<UndoOutcome, { state: 'Kept' }>,
): RowProblem {
  const { because } = outcome;
  const why = because instanceof Error ? withoutStop(because.message) : 'no reason given';
  const rows = [...new Set(steps.map(({ label }) => label))];
  const named =
    rows.length > 4 ? `${rows.slice(0, 4).join(', ')} and ${rows.length - 4} more` : rows.join(', ');
  const said = because instanceof RouterOsError && !ENDED.has(because.code);
  const [reason, end] = {
    Undone: [
      said ? 'RouterRefused' : 'Undone',
      said ? 'all of it was undone' : 'we would have been cut off, so that all of it was undone',
    ],
    Undoing: ['Undone', 'we were cut off, and the router undoes it by itself within 3 minutes'],
    Refused: ['CannotUndo', 'nothing was changed, since the router could not be made to undo it by itself'],
  }[outcome.state] as [RowProblem['reason'], string];
  const message = oneLine(`${named}: ${why}; ${end}. Correct the profile.`, 1024);
  return { profile, ...(rows.length === 1 && rows[0] ? { row: rows[0] } : {}), reason, message };
}
