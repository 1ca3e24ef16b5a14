import {
  HAS_IT,
  type ProfileReport,
  type RolloutStatus,
  type Router,
  type RouterProfile,
  reportOf,
  shareOf,
} from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';

/** A router that has a profile, as far as a rollout of one revision goes by it. */
export interface Seat {
  key: string;
  uid: string;
  /** Where it stands in the order of the revision, as `shareOf` says. */
  place: number;
  /** `up`: connected, and configured by us. `away`: was so. `new`: never. */
  presence: 'up' | 'away' | 'new';
  /** What it said of this revision. */
  outcome: 'applied' | 'failed' | undefined;
}

export function seatOf(router: Router, profile: RouterProfile, revision: string): Seat {
  const report = reportOf(router.status?.profiles, profile);
  return {
    key: keyOf(router),
    uid: router.metadata.uid,
    place: shareOf(router.metadata.uid, revision),
    presence: presenceOf(router),
    outcome: report?.revision === revision ? outcomeOf(report) : undefined,
  };
}

/** `inWave` of a seat. */
export const isInWave = (
  { uid, place }: Seat,
  { share, canaries }: Pick<RolloutStatus, 'share' | 'canaries'>,
): boolean => place < share || (canaries?.includes(uid) ?? false);

const outcomeOf = ({ state }: ProfileReport): Seat['outcome'] =>
  HAS_IT.has(state) ? 'applied' : state === 'Failed' ? 'failed' : undefined;

/** One that is being logged in to for the first time, or refuses us, cannot be waited for. */
function presenceOf({ metadata, spec, status }: Router): Seat['presence'] {
  if (metadata.deletionTimestamp !== undefined || spec.suspended || !spec.autoConfiguration.enabled)
    return 'new';
  if (status?.phase === 'Online') return 'up';
  return status?.lastHandshakeTime === undefined ? 'new' : 'away';
}
