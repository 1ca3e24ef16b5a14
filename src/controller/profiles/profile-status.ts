import {
  type Condition,
  type ConditionType,
  MAX_PROFILE_PROBLEMS,
  type RolloutStatus,
  type Router,
  type RouterProfile,
  type RouterProfileStatus,
  reportOf,
} from '../../api/index.ts';
import { keyOf, type OwnedStatus, setCondition } from '../../kube/index.ts';
import type { Verdict } from '../pool-pressure.ts';
import { acceptance, type Refusal } from './accept-profile.ts';
import type { RolloutPlan } from './plan-rollout.ts';
import { progress, progressText, readiness, stoppedText } from './rollout-sayings.ts';
import type { RolloutSettings } from './rollout-settings.ts';
import type { Seat } from './survey.ts';

export const OWNED_PROFILE_STATUS: OwnedStatus = {
  fields: ['observedGeneration', 'revision', 'routers', 'rollout', 'problems'],
  conditions: ['Accepted', 'Progressing', 'Ready'],
};

export type Problem = NonNullable<RouterProfileStatus['problems']>[number];

export interface ProfileFindings {
  revision: string;
  refusal: Refusal | undefined;
  settings: RolloutSettings;
  seats: readonly Seat[];
  problems: readonly Problem[];
  /** Absent where nothing is rolled out: it is refused, or only tried. */
  plan: RolloutPlan | undefined;
  now: number;
}

/** What the controller writes into a RouterProfile's status. */
export function planProfileStatus(profile: RouterProfile, findings: ProfileFindings): RouterProfileStatus {
  const { revision, refusal, seats, problems, now } = findings;
  const observedGeneration = profile.metadata.generation;
  const rollout = rolloutOf(profile, findings);
  const routers = countsOf(seats);
  const verdicts: Partial<Record<ConditionType, Verdict>> = {
    Accepted: refusal === undefined ? acceptance(profile) : { status: 'False', ...refusal },
    Progressing: progress(profile, findings, rollout),
    Ready: readiness(profile, findings, routers, rollout),
  };
  const conditions = Object.entries(verdicts)
    .reduce<Condition[]>(
      (list, [type, verdict]) => setCondition(list, { type, ...verdict, observedGeneration }, now),
      profile.status?.conditions ?? [],
    )
    .filter(({ type }) => OWNED_PROFILE_STATUS.conditions.includes(type));
  return {
    observedGeneration,
    revision,
    routers,
    ...(rollout !== undefined && { rollout }),
    ...(problems.length > 0 && { problems: [...problems] }),
    conditions,
  };
}

function rolloutOf({ spec, status }: RouterProfile, findings: ProfileFindings): RolloutStatus | undefined {
  const { plan, settings, refusal } = findings;
  // One that is refused for now stands where it stood.
  if (plan === undefined) return refusal !== undefined && !spec.dryRun ? status?.rollout : undefined;
  const { rollout } = plan;
  const stopped = rollout.state === 'Stopped' ? (rollout.stopped ?? stoppedText(findings)) : undefined;
  return {
    ...rollout,
    progress: progressText(rollout, settings.stages),
    ...(stopped !== undefined && { stopped }),
  };
}

export type RouterCounts = NonNullable<RouterProfileStatus['routers']>;

function countsOf(seats: readonly Seat[]): RouterCounts {
  let [applied, failed] = [0, 0];
  for (const { outcome } of seats) {
    if (outcome === 'applied') applied++;
    if (outcome === 'failed') failed++;
  }
  return { selected: seats.length, applied, failed, waiting: seats.length - applied - failed };
}

/** What is wrong on routers, the first few by name. */
export function problemsOf(profile: RouterProfile, routers: Iterable<Router>, revision: string): Problem[] {
  const found: Problem[] = [];
  for (const router of routers) {
    const report = reportOf(router.status?.profiles, profile);
    if (report === undefined || report.revision !== revision) continue;
    if (report.state !== 'Failed' && report.state !== 'Drifted') continue;
    const [first] = report.problems ?? [];
    found.push({
      router: keyOf(router),
      ...(first?.row !== undefined && { row: first.row }),
      reason: first?.reason ?? report.state,
      message: first?.message ?? 'The router does not say why.',
    });
  }
  return found.sort((a, b) => (a.router < b.router ? -1 : 1)).slice(0, MAX_PROFILE_PROBLEMS);
}
