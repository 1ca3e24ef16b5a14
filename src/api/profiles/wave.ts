import type { RolloutStatus } from '../v1alpha1/rollout.ts';
import { hash32 } from './hash.ts';

/** All of them, in permille. */
export const WHOLE = 1000;

/** Where a router stands in the order of a revision's rollout, 0 to 999: another order for each revision. */
export const shareOf = (uid: string, revision: string): number => hash32(`${revision} ${uid}`) % WHOLE;

/** Whether a router has its turn in a rollout: it is one of the canaries, or within the share that the wave has reached. */
export const inWave = (
  uid: string,
  { revision, share, canaries }: Pick<RolloutStatus, 'revision' | 'share' | 'canaries'>,
): boolean => (canaries?.includes(uid) ?? false) || shareOf(uid, revision) < share;
