import type { RolloutStatus } from '../../api/index.ts';
import { isInWave, type Seat } from './survey.ts';

/** What has become of the routers that have their turn. */
export interface WaveCounts {
  applied: number;
  /** Those outside of the wave count, too: a canary that was replaced. */
  failed: number;
  /** Up, and not there yet. */
  pending: number;
  /** Away, and not there yet. */
  away: number;
  /** They have it, and are away now. */
  lost: number;
  /** Some that are pending. */
  awaited: readonly string[];
}

/** Enough to look at one and know. */
const MOST_AWAITED = 3;

export function waveCounts(
  seats: readonly Seat[],
  rollout: Pick<RolloutStatus, 'share' | 'canaries'>,
): WaveCounts {
  const counts = { applied: 0, failed: 0, pending: 0, away: 0, lost: 0 };
  const awaited: string[] = [];
  for (const seat of seats) {
    const { key, outcome, presence } = seat;
    if (outcome === 'failed') counts.failed++;
    if (outcome === 'failed' || !isInWave(seat, rollout)) continue;
    if (outcome === 'applied') {
      counts.applied++;
      if (presence === 'away') counts.lost++;
    } else if (presence === 'up') {
      counts.pending++;
      if (awaited.length < MOST_AWAITED) awaited.push(key);
    } else if (presence === 'away') counts.away++;
  }
  return { ...counts, awaited };
}
