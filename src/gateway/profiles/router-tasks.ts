/** Which profiles a router has, and what is to be done about each of them now. Pure. */
import {
  keyOfRef,
  type ProfileReport,
  type ProfilesHandover,
  type Router,
  type RouterProfile,
  reportOf,
  type SelectionFacts,
  selectProfiles,
  turnOf,
} from '../../api/index.ts';
import type { ProfileTask } from '../../routeros/index.ts';
import type { ProfileCache } from './profile-cache.ts';

export interface RouterTask extends ProfileTask {
  ref: { namespace: string; name: string };
  revision: string;
  /** What was last said of it. */
  before: ProfileReport | undefined;
  /** Routers of this gateway that may be in work at once for it. */
  maxParallel: number | undefined;
}

export interface RouterTasks {
  /** In the order of merging. */
  tasks: RouterTask[];
  /** `namespace/name` of what is named and not there. */
  missing: readonly string[];
  /** A maintenance window opens then, ms since 1970. */
  againAt: number | undefined;
}

export interface TasksInput {
  router: Router;
  ofClass: ProfilesHandover['profiles'];
  cache: Pick<ProfileCache, 'get' | 'selecting' | 'revisionOf' | 'valuesOf'>;
  facts: SelectionFacts;
  /** ms since 1970. */
  now: number;
  /** Whether this revision of it was undone on the router, and is not tried again yet. */
  isResting: (profile: string, revision: string) => boolean;
}

export function tasksOf({ router, ofClass, cache, facts, now, isResting }: TasksInput): RouterTasks {
  const { chosen, missing } = selectProfiles(router, ofClass, cache, facts);
  const reports = router.status?.profiles ?? [];
  const opens: number[] = [];
  const tasks = chosen.map((one): RouterTask => {
    const { profile } = one;
    const key = keyOfRef(profile.metadata);
    const revision = cache.revisionOf(profile);
    const turn = turnOf({
      chosen: one,
      revision,
      router: { uid: router.metadata.uid, reports },
      ofClass,
      now,
    });
    if (turn.do === 'wait' && turn.againAt !== undefined) opens.push(turn.againAt);
    const isHeld = turn.do === 'wait' || isResting(key, revision);
    return {
      profile: key,
      ref: { namespace: profile.metadata.namespace, name: profile.metadata.name },
      spec: profile.spec,
      secrets: cache.valuesOf(profile),
      revision,
      before: reportOf(reports, profile),
      maxParallel: profile.spec.rollout?.maxParallel,
      mode: isHeld ? 'hold' : modeOf(profile, turn.do === 'keep'),
    };
  });
  return { tasks, missing, againAt: opens.length === 0 ? undefined : Math.min(...opens) };
}

function modeOf({ spec }: RouterProfile, hasIt: boolean): ProfileTask['mode'] {
  if (spec.dryRun) return 'plan';
  return hasIt && spec.drift === 'Report' ? 'report' : 'apply';
}

/** What decides whether a router is looked at anew before its time: another profile, revision or turn. */
export const fingerprint = ({ tasks }: Pick<RouterTasks, 'tasks'>): string =>
  tasks.map(({ profile, revision, mode }) => `${profile} ${revision} ${mode}`).join('\n');

/** By its status alone, as a restarted agent knows it: it has what it shall, and nothing that it shall not. */
export function isSettled({ tasks }: Pick<RouterTasks, 'tasks'>, router: Router): boolean {
  const known = new Set(tasks.map(({ profile }) => profile));
  const reports = router.status?.profiles ?? [];
  return (
    reports.every((report) => known.has(keyOfRef(report))) &&
    tasks.every(
      ({ mode, before, revision }) =>
        mode === 'hold' || (before !== undefined && before.revision === revision),
    )
  );
}
