/** What is said to people of a rollout. */
import type { RolloutStatus, RouterProfile } from '../../api/index.ts';
import type { Verdict } from '../pool-pressure.ts';
import type { Hold } from './plan-rollout.ts';
import type { ProfileFindings, RouterCounts } from './profile-status.ts';
import { rfc3339 } from './rfc3339.ts';
import type { RolloutSettings, Stage } from './rollout-settings.ts';

/** Of a stopped rollout's reason. */
const MOST_NAMED = 3;
const MOST_TEXT = 2048;

/** `2/4 (1%)`. */
export function progressText({ stage }: RolloutStatus, stages: readonly Stage[]): string {
  const of = stages[stage - 1];
  return of === undefined ? `0/${stages.length}` : `${stage}/${stages.length} (${of.text})`;
}

export function progress(
  { spec }: RouterProfile,
  { refusal, plan, settings }: ProfileFindings,
  rollout: RolloutStatus | undefined,
): Verdict {
  if (refusal !== undefined) {
    const message = 'Nothing is changed on any router until the profile is accepted.';
    return { status: 'False', reason: refusal.reason, message };
  }
  if (spec.dryRun || plan === undefined || rollout === undefined) {
    const message = 'spec.dryRun is true: routers only tell what would be changed.';
    return { status: 'False', reason: 'DryRun', message };
  }
  if (rollout.state === 'Stopped') {
    return { status: 'False', reason: 'RolloutStopped', message: rollout.stopped ?? '' };
  }
  if (rollout.state === 'Done') {
    return { status: 'False', reason: 'RolledOut', message: 'Each router gets this revision.' };
  }
  if (plan.held?.by === 'paused') {
    const message = `${stageOf(rollout, settings)}: paused by spec.rollout.paused of the profile or its class.`;
    return { status: 'False', reason: 'RolloutPaused', message };
  }
  const { wave } = plan;
  if (plan.held !== undefined) {
    return { status: 'True', ...held(plan.held, stageOf(rollout, settings), wave.lost) };
  }
  if (rollout.state === 'Baking') {
    const message = `${stageOf(rollout, settings)}: ${wave.applied} routers have it, ${wave.failed} failed. It is watched until ${rollout.continuesAt} before the next stage begins.`;
    return { status: 'True', reason: 'Baking', message };
  }
  const more = wave.pending - wave.awaited.length;
  const names = `${wave.awaited.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const message = `${stageOf(rollout, settings)}: ${wave.applied} routers have it, ${wave.failed} failed; it waits for ${names}.`;
  return { status: 'True', reason: 'RollingOut', message };
}

function held(hold: Exclude<Hold, { by: 'paused' }>, stage: string, lost: number): Omit<Verdict, 'status'> {
  switch (hold.by) {
    case 'window': {
      const opens =
        hold.opensAt === undefined
          ? 'no window comes within a week'
          : `the next one opens ${rfc3339(hold.opensAt)}`;
      return {
        reason: 'OutsideWindow',
        message: `${stage}: it waits for a window of spec.rollout.windows; ${opens}.`,
      };
    }
    case 'nobody':
      return {
        reason: 'AwaitingRouters',
        message: `${stage}: too few routers of the stage are connected to try it on; it goes on by itself when they are.`,
      };
    case 'lost':
      return {
        reason: 'RoutersLost',
        message: `${stage}: ${lost} of the routers that have it are not connected any more. It goes on when they are back; or, if that has another cause, when the annotation vpn.traidnet.io/resume-rollout is given another value.`,
      };
  }
}

const stageOf = ({ stage }: RolloutStatus, { stages }: RolloutSettings): string =>
  stage === 0
    ? 'The first stage has not begun'
    : `Stage ${stage} of ${stages.length}, ${stages[stage - 1]?.text}`;

/** Why it stopped, for as long as it stays so. */
export function stoppedText({ plan, problems, settings }: ProfileFindings): string {
  if (plan === undefined) return '';
  const { rollout, wave } = plan;
  const named = problems
    .slice(0, MOST_NAMED)
    .map(({ router, row, message }) => `${router}: ${row === undefined ? '' : `${row}: `}${message}`);
  const what = `${stageOf(rollout, settings)}: ${wave.failed} of ${wave.applied + wave.failed + wave.pending} routers failed, more than spec.rollout.maxFailures allows; no further router is changed.`;
  const how =
    'Correct the profile; or let it go on as it is: kubectl annotate routerprofile NAME vpn.traidnet.io/resume-rollout="$(date)" --overwrite.';
  return [what, ...named, how].join(' ').slice(0, MOST_TEXT);
}

export function readiness(
  profile: RouterProfile,
  findings: ProfileFindings,
  { selected, applied, failed, waiting }: RouterCounts,
  rollout: RolloutStatus | undefined,
): Verdict {
  const { refusal } = findings;
  if (refusal !== undefined) return { status: 'False', ...refusal };
  if (profile.spec.dryRun) {
    const message = `spec.dryRun is true: ${applied} of ${selected} routers have told in their status what would be changed.`;
    return { status: 'True', reason: 'DryRun', message };
  }
  const { reason, message } = progress(profile, findings, rollout);
  if (rollout?.state !== 'Done') return { status: 'False', reason, message };
  const rest = [
    ...(waiting > 0 ? [`${waiting} get it when they connect`] : []),
    ...(failed > 0 ? [`on ${failed} it failed: see status.problems`] : []),
  ];
  const tail = rest.length > 0 ? `; ${rest.join(', ')}` : '';
  return {
    status: 'True',
    reason: 'RolledOut',
    message: `${applied} of ${selected} routers have it${tail}.`,
  };
}
