import type { RouterProfile } from '../../api/index.ts';
import { findCondition, keyOf } from '../../kube/index.ts';
import type { ScrapedMetric } from '../../process/index.ts';
import type { Caches } from '../caches.ts';

/** Rollouts that have a series of their own: those under way, the first by name. */
const MOST_SERIES = 50;

const STATES = ['RolledOut', 'RollingOut', 'Paused', 'Stopped', 'Refused', 'DryRun', 'Pending'] as const;

/** What statuses of profiles tell; all processes say the same, whichever leads. */
export function profileMetrics({ profiles }: Pick<Caches, 'profiles'>): ScrapedMetric[] {
  return [
    {
      name: 'tto_profiles',
      help: 'RouterProfiles by state: RolledOut, RollingOut, Paused, Stopped (too many routers failed), Refused (not accepted), DryRun, or Pending (not looked at yet).',
      type: 'gauge',
      labelNames: ['state'],
      *series() {
        const counts = new Map<string, number>(STATES.map((state) => [state, 0]));
        for (const profile of profiles.list()) {
          const state = stateOf(profile);
          counts.set(state, (counts.get(state) ?? 0) + 1);
        }
        for (const [state, count] of counts) yield [[state], count];
      },
    },
    {
      name: 'tto_profile_routers',
      help: 'Routers of all RouterProfiles together by outcome: applied, failed, or waiting; a router counts once for each of its profiles.',
      type: 'gauge',
      labelNames: ['outcome'],
      *series() {
        const counts = { applied: 0, failed: 0, waiting: 0 };
        for (const { status } of profiles.list()) {
          for (const outcome of ['applied', 'failed', 'waiting'] as const)
            counts[outcome] += status?.routers?.[outcome] ?? 0;
        }
        for (const [outcome, count] of Object.entries(counts)) yield [[outcome], count];
      },
    },
    {
      name: 'tto_profile_rollout_ratio',
      help: `Share of its routers that a rollout under way has reached, 0 to 1; of the first ${MOST_SERIES} RouterProfiles by name.`,
      type: 'gauge',
      labelNames: ['namespace', 'profile'],
      *series() {
        const underWay = profiles
          .list()
          .filter(({ status }) => status?.rollout !== undefined && status.rollout.state !== 'Done')
          .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
          .slice(0, MOST_SERIES);
        for (const { metadata, status } of underWay)
          yield [[metadata.namespace, metadata.name], (status?.rollout?.share ?? 0) / 1000];
      },
    },
  ];
}

function stateOf({ status }: RouterProfile): (typeof STATES)[number] {
  if (findCondition(status?.conditions, 'Accepted')?.status === 'False') return 'Refused';
  const reason = findCondition(status?.conditions, 'Progressing')?.reason;
  switch (reason) {
    case undefined:
      return 'Pending';
    case 'DryRun':
    case 'RolledOut':
      return reason;
    case 'RolloutPaused':
      return 'Paused';
    case 'RolloutStopped':
      return 'Stopped';
    default:
      return 'RollingOut';
  }
}
