/** What a look at a router came to, in one word. Pure. */
import type { ProfileReport } from '../../api/index.ts';
import type { ProfileResult } from '../../routeros/index.ts';
import type { RouterTask } from './router-tasks.ts';

/** `unreachable`: the session with it did not come to an end. */
export type LookOutcome =
  | 'unchanged'
  | 'changed'
  | 'drifted'
  | 'planned'
  | 'failed'
  | 'undone'
  | 'unreachable';

type Reported = Pick<ProfileReport, 'state'>;

/** The worst of it first. */
export function lookOutcome(
  { stopped, writes }: Pick<ProfileResult, 'stopped' | 'writes'>,
  reports: readonly Reported[],
): Exclude<LookOutcome, 'unreachable'> {
  const is = (state: ProfileReport['state']): boolean => reports.some((one) => one.state === state);
  if (stopped) return 'undone';
  if (is('Failed')) return 'failed';
  if (writes > 0) return 'changed';
  if (is('Drifted')) return 'drifted';
  return reports.length > 0 && reports.every(({ state }) => state === 'Planned') ? 'planned' : 'unchanged';
}

/** What was done about drift by a look at a router which had what it should; each report counts when it is new. */
export function driftActions(
  { writes }: Pick<ProfileResult, 'writes'>,
  tasks: readonly Pick<RouterTask, 'before'>[],
  reports: readonly Reported[],
): ('repaired' | 'reported')[] {
  const known = tasks.filter(({ before }) => before?.state === 'Drifted').length;
  const now = reports.filter(({ state }) => state === 'Drifted').length;
  return [...(writes > 0 ? (['repaired'] as const) : []), ...(now > known ? (['reported'] as const) : [])];
}
