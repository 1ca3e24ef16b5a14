/** What is said in the Router's status of its profiles, and whether one of them failed. Pure. */
import { PROFILE_REPORT_LIMITS, type ProfileReport } from '../../api/index.ts';
import { IS_NOTE, type ProfileResult, type RowProblem } from '../../routeros/index.ts';
import type { Problem } from '../problem.ts';
import type { RouterTask } from './router-tasks.ts';

export interface ProfileSaying {
  reports: readonly ProfileReport[];
  /** For the condition Configured. */
  failure: Problem | undefined;
}

const { profiles, problems: mostProblems, message: longest, row: longestRow } = PROFILE_REPORT_LIMITS;

export function reportsOf(
  tasks: readonly RouterTask[],
  { problems, stopped }: Pick<ProfileResult, 'problems' | 'stopped'>,
): ProfileReport[] {
  return tasks.slice(0, profiles).flatMap((task): ProfileReport[] => {
    const { ref, revision, mode, before, profile } = task;
    const own = problems.filter((one) => one.profile === profile);
    const state = stateOf(mode, own);
    // Where one was undone the others were not tried.
    const isTried = mode !== 'hold' && (!stopped || state === 'Failed');
    if (!isTried) return before === undefined ? [] : [before];
    return [{ ...ref, revision, state, ...(own.length > 0 && { problems: bounded(own) }) }];
  });
}

function stateOf(mode: RouterTask['mode'], problems: readonly RowProblem[]): ProfileReport['state'] {
  const isFailure = ({ reason }: RowProblem) =>
    !IS_NOTE.has(reason) && reason !== 'Drifted' && reason !== 'Planned';
  if (problems.some(isFailure)) return 'Failed';
  if (mode === 'plan') return 'Planned';
  return problems.some(({ reason }) => reason === 'Drifted') ? 'Drifted' : 'Applied';
}

/** The worst first, and how many more there are. */
function bounded(problems: readonly RowProblem[]): NonNullable<ProfileReport['problems']> {
  const sorted = [
    ...problems.filter(({ reason }) => !IS_NOTE.has(reason)),
    ...problems.filter(({ reason }) => IS_NOTE.has(reason)),
  ];
  const told = sorted.slice(0, sorted.length > mostProblems ? mostProblems - 1 : mostProblems);
  const said = told.map(({ row, reason, message }) => ({
    ...(row === undefined ? {} : { row: row.slice(0, longestRow) }),
    reason,
    message: message.slice(0, longest),
  }));
  const more = sorted.length - told.length;
  return more === 0 ? said : [...said, { reason: 'More', message: `${more} more rows are not listed here.` }];
}

/** What the condition Configured says of them. */
export function failureIn(
  reports: readonly ProfileReport[],
  missing: readonly string[],
): Problem | undefined {
  const failed = reports.find(({ state }) => state === 'Failed');
  const [first] = missing;
  if (failed === undefined && first === undefined) return undefined;
  const problem = failed?.problems?.[0];
  const message =
    failed === undefined
      ? `RouterProfile ${first} is named for this router and is not there: create it, or take its name out.`
      : `Profile ${failed.namespace}/${failed.name}: ${problem?.message ?? 'it could not be applied.'}`;
  return { reason: 'ProfileFailed', message: message.slice(0, longest) };
}
