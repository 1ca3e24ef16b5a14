/**
 * Decides how far a rollout goes, from what the profile's status says and what the Routers say, and from nothing else:
 * another leader goes on where this one stood.
 *
 *     RollingOut ──all of the stage have it──→ Baking ──time──→ RollingOut of the next stage … ──→ Done
 *         └──────too many failed──────→ Stopped ──resumed──→ RollingOut
 *
 * A share never shrinks while the same is rolled out to the same, and none but canaries go before their turn.
 */
import { type RolloutStatus, WHOLE, windowState } from '../../api/index.ts';
import { rfc3339 } from './rfc3339.ts';
import { countOf, type RolloutSettings } from './rollout-settings.ts';
import { CANARY_PATIENCE_MS, enterStage, unprovenStage, withCanaries } from './stages.ts';
import type { Seat } from './survey.ts';
import { type WaveCounts, waveCounts } from './wave-counts.ts';

export interface RolloutInput {
  /** What is to be rolled out. */
  revision: string;
  /** Which selector, as a hash. */
  selector: string;
  /** Of the profile. */
  generation: number;
  /** Classes that name the profile, sorted. */
  classes: readonly string[];
  /** What the annotation says that resumes a rollout; empty without. */
  resume: string;
  settings: RolloutSettings;
  seats: readonly Seat[];
  before: RolloutStatus | undefined;
  /** ms since 1970. */
  now: number;
}

export interface RolloutPlan {
  rollout: RolloutStatus;
  wave: WaveCounts;
  /** Why it does not go on although nothing has stopped it. */
  held: Hold | undefined;
  /** When it is to be looked at again whatever happens, ms since 1970. */
  againAt: number | undefined;
}

export type Hold =
  | { by: 'paused' }
  | { by: 'window'; opensAt: number | undefined }
  /** Too few of the stage are there to try it on. */
  | { by: 'nobody' }
  /** Too many that have it have gone away. */
  | { by: 'lost' };

export function planRollout(input: RolloutInput): RolloutPlan {
  const begun = begin(input, resumeOrStop(input, input.before));
  const rollout = resumeOrStop(input, begun) ?? begun;
  if (rollout.state !== 'Stopped' && rollout.state !== 'Done') return goOn(input, rollout);
  return { rollout, wave: waveCounts(input.seats, rollout), held: undefined, againAt: undefined };
}

/** The rollout as it stands, or a new one where something else is asked for, or others are asked for it. */
function begin(input: RolloutInput, before: RolloutStatus | undefined): RolloutStatus {
  const { revision, selector, classes, settings, seats, now } = input;
  const isSame = before?.revision === revision;
  if (isSame && before.state === 'Stopped') return before;
  const isWider =
    isSame && (before.selector !== selector || classes.some((name) => !before.classes?.includes(name)));
  if (isSame && !isWider) return { ...before, classes: [...classes] };
  const failed = seats.filter(({ outcome }) => outcome === 'failed').length;
  return {
    revision,
    state: 'RollingOut',
    progress: '',
    // Back to what most have, or after a status was lost: as many routers as have it have proven it already.
    stage: isWider ? 0 : unprovenStage(settings.stages, seats) - 1,
    share: 0,
    startedAt: rfc3339(now),
    stageAt: rfc3339(now),
    generation: input.generation,
    selector,
    classes: [...classes],
    resumed: input.resume,
    // What failed before is not what this one stops for.
    ...(failed > 0 && { forgiven: failed }),
  };
}

/** Stops a rollout of which too many failed; lets one go on that was told to, with what has failed so far forgiven. */
function resumeOrStop(input: RolloutInput, rollout: RolloutStatus | undefined): RolloutStatus | undefined {
  const { generation, resume, revision, seats, settings, now } = input;
  if (rollout === undefined || rollout.revision !== revision || rollout.state === 'Done') return rollout;
  const wave = waveCounts(seats, rollout);
  const isAsked = resume !== '' && resume !== (rollout.resumed ?? '');
  const isChanged = rollout.state === 'Stopped' && generation !== rollout.generation;
  if (isAsked || isChanged) {
    const { stoppedAt: _, stopped: __, continuesAt, ...rest } = rollout;
    return {
      ...rest,
      ...(rollout.state === 'Baking' && continuesAt !== undefined
        ? { continuesAt }
        : { state: 'RollingOut' }),
      generation,
      resumed: resume,
      forgiven: wave.failed + wave.lost,
    };
  }
  const { applied, failed, pending } = wave;
  const most = countOf(settings.maxFailures, applied + failed + pending);
  if (rollout.state === 'Stopped' || failed - Math.min(failed, rollout.forgiven ?? 0) <= most) return rollout;
  const { continuesAt: _, ...rest } = rollout;
  return { ...rest, state: 'Stopped', stoppedAt: rfc3339(now), generation, resumed: resume };
}

function goOn(input: RolloutInput, from: RolloutStatus): RolloutPlan {
  const { settings, seats, now } = input;
  const window = windowState(settings.windows, now);
  const closed: Hold | undefined = settings.paused
    ? { by: 'paused' }
    : window.open
      ? undefined
      : { by: 'window', opensAt: window.changesAt };
  const plan = (of: RolloutStatus, held?: Hold, againAt?: number): RolloutPlan => {
    const times = [againAt, window.changesAt].filter((at) => at !== undefined);
    return {
      rollout: of,
      wave: waveCounts(seats, of),
      held,
      againAt: times.length === 0 ? undefined : Math.min(...times),
    };
  };
  let rollout = from;
  // Each time one stage further.
  for (let round = 0; round <= settings.stages.length + 1; round++) {
    if (rollout.state === 'Baking') {
      const until = Date.parse(rollout.continuesAt ?? '') || 0;
      if (now < until) return plan(rollout, undefined, until);
    } else if (rollout.canaries !== undefined) {
      if (closed === undefined) rollout = withCanaries(rollout, { ...settings, seats, now });
      const wave = waveCounts(seats, rollout);
      if (wave.pending > 0) return plan(rollout, closed);
      if (rollout.share >= WHOLE) return plan({ ...rollout, state: 'Done' });
      const reported = wave.applied + wave.failed;
      if (wave.away > reported || (reported === 0 && seats.some(isInService))) {
        const patientUntil = Date.parse(rollout.stageAt) + CANARY_PATIENCE_MS;
        return plan(rollout, closed ?? { by: 'nobody' }, patientUntil > now ? patientUntil : undefined);
      }
      if (settings.bakeMs > 0) {
        const until = now + settings.bakeMs;
        return plan(
          { ...rollout, state: 'Baking', continuesAt: rfc3339(until + 999) },
          undefined,
          until + 999,
        );
      }
    }
    if (isLost(input, rollout)) return plan(rollout, { by: 'lost' });
    if (closed !== undefined) return plan(rollout, closed);
    rollout = enterStage(rollout, rollout.stage + 1, { ...settings, seats, now });
  }
  return plan(rollout);
}

const isInService = ({ outcome, presence }: Seat): boolean => outcome === undefined && presence !== 'new';

/** Whether more have failed or gone away with it than may. */
function isLost({ seats, settings }: RolloutInput, rollout: RolloutStatus): boolean {
  const { applied, failed, pending, lost } = waveCounts(seats, rollout);
  const amiss = failed + lost;
  return (
    amiss - Math.min(amiss, rollout.forgiven ?? 0) > countOf(settings.maxFailures, applied + failed + pending)
  );
}
