/**
 * Whether a gateway may change a router for a profile now. Nothing but this decides it: the controller widens the wave,
 * and the gateways go by what its status says.
 */
import type { ProfilesHandover } from '../handover.ts';
import type { RouterProfile } from '../v1alpha1/kinds.ts';
import type { ProfileReport } from '../v1alpha1/profile-report.ts';
import { selectorHash } from './revision.ts';
import type { ChosenProfile } from './select.ts';
import { inWave } from './wave.ts';
import { windowState } from './window.ts';

export type WaitReason = 'NotAccepted' | 'NotItsTurn' | 'RolloutStopped' | 'RolloutPaused' | 'OutsideWindow';

export type Turn =
  /** Bring the router to this revision. */
  | { do: 'apply' }
  /** The router has it: look for drift, and repair or report it as the profile says. */
  | { do: 'keep' }
  /** Leave what the router has of this profile as it is. `message` is for people; `againAt` in ms since 1970. */
  | { do: 'wait'; reason: WaitReason; message: string; againAt?: number };

export interface TurnInput {
  chosen: ChosenProfile;
  /** Of the profile as the gateway has it, by `profileRevision`. */
  revision: string;
  router: {
    uid: string;
    /** All of `status.profiles`, as this gateway last said or read it. */
    reports: readonly ProfileReport[];
  };
  /** What the tunnel's class says, as handed over. */
  ofClass: ProfilesHandover['profiles'];
  /** ms since 1970. */
  now: number;
}

export function turnOf({ chosen, revision, router, ofClass, now }: TurnInput): Turn {
  const { profile } = chosen;
  const { rollout } = profile.status ?? {};
  const report = reportOf(router.reports, profile);
  // Whatever a rollout does: what a router has been given is kept up.
  if (report?.revision === revision && HAS_IT.has(report.state)) return { do: 'keep' };
  if (!isAccepted(profile)) {
    return wait('NotAccepted', 'The profile has not been accepted as it is now: see its condition Accepted.');
  }
  // It only looks.
  if (profile.spec.dryRun) return { do: 'apply' };
  if (rollout === undefined || rollout.revision !== revision || !isFor(rollout, chosen)) {
    return wait('NotItsTurn', 'The rollout to this router has not begun yet.');
  }
  if (rollout.state === 'Stopped') {
    return wait('RolloutStopped', 'The rollout has stopped: see the condition Progressing of the profile.');
  }
  if (profile.spec.rollout?.paused || ofClass?.paused) {
    return wait(
      'RolloutPaused',
      'The rollout is paused by spec.rollout.paused of the profile or of the class.',
    );
  }
  if (!inWave(router.uid, rollout)) {
    return wait('NotItsTurn', `The rollout has not come to this router yet: ${rollout.progress}.`);
  }
  // Who stands before a new router waits for all of it.
  if (rollout.state === 'Done' && router.reports.length === 0) return { do: 'apply' };
  const closed = [profile.spec.rollout?.windows, ofClass?.windows]
    .map((windows) => windowState(windows, now))
    .filter(({ open }) => !open);
  if (closed.length === 0) return { do: 'apply' };
  const opens = closed.flatMap(({ changesAt }) => (changesAt === undefined ? [] : [changesAt]));
  return {
    ...wait(
      'OutsideWindow',
      'It is outside of the maintenance windows of spec.rollout of the profile or the class.',
    ),
    ...(opens.length > 0 && { againAt: Math.max(...opens) }),
  };
}

/** What a router was last said to have of a profile. */
export const reportOf = (
  reports: readonly ProfileReport[] | undefined,
  { metadata: { namespace, name } }: Pick<RouterProfile, 'metadata'>,
): ProfileReport | undefined => reports?.find((one) => one.namespace === namespace && one.name === name);

/** A report of them says that the router has the revision. */
export const HAS_IT: ReadonlySet<ProfileReport['state']> = new Set(['Applied', 'Drifted', 'Planned']);

function isAccepted({ metadata, status }: RouterProfile): boolean {
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted');
  return status?.observedGeneration === metadata.generation && accepted?.status === 'True';
}

type Rollout = NonNullable<NonNullable<RouterProfile['status']>['rollout']>;

/** A rollout is of the routers of one selector and of some classes: those of another have not had a canary. */
const isFor = (rollout: Rollout, chosen: ChosenProfile): boolean =>
  (chosen.by !== 'class' || (rollout.classes?.includes(chosen.class) ?? false)) &&
  (chosen.by === 'router' || rollout.selector === selectorHash(chosen.profile));

const wait = (reason: WaitReason, message: string): Turn & { do: 'wait' } => ({
  do: 'wait',
  reason,
  message,
});
