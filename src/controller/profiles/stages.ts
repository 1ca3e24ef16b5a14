import type { RolloutStatus } from '../../api/index.ts';
import { rfc3339 } from './rfc3339.ts';
import { countOf, type Stage } from './rollout-settings.ts';
import { isInWave, type Seat } from './survey.ts';

/** How long a canary that has gone away with the change is waited for before another is taken. */
export const CANARY_PATIENCE_MS = 600_000;
/** So many times as many canaries as a stage asks for may be used up. */
const MOST_REPLACED = 3;

/** The first stage that routers which have the revision have not proven; 1 when none has. */
export function unprovenStage(stages: readonly Stage[], seats: readonly Seat[]): number {
  const applied = seats.filter(({ outcome }) => outcome === 'applied').length;
  const open = stages.findIndex(({ amount }) => applied < Math.max(1, countOf(amount, seats.length)));
  return open < 0 ? stages.length : open + 1;
}

/** Begins a stage, or the first behind it that brings the change to anybody, or else the last. */
export function enterStage(
  rollout: RolloutStatus,
  from: number,
  { stages, seats, now }: { stages: readonly Stage[]; seats: readonly Seat[]; now: number },
): RolloutStatus {
  const { continuesAt: _, ...rest } = rollout;
  for (let stage = Math.min(from, stages.length); ; stage++) {
    const amount = stages[stage - 1]?.amount;
    const isCounted = amount !== undefined && 'routers' in amount;
    const share =
      amount === undefined || isCounted ? rollout.share : Math.max(rollout.share, amount.permille);
    const canaries = rollout.canaries ?? [];
    const next: RolloutStatus = {
      ...rest,
      state: 'RollingOut',
      stage,
      share,
      canaries,
      stageAt: rfc3339(now),
    };
    const isNew = (seat: Seat): boolean =>
      seat.outcome === undefined &&
      seat.presence !== 'new' &&
      !isInWave(seat, rollout) &&
      (isCounted || isInWave(seat, next));
    if (stage >= stages.length || seats.some(isNew)) return next;
  }
}

/**
 * Takes as many canaries as the stage asks for, of those that are up and lack the revision. One that is gone is replaced;
 * one that went away before it told how it was only after a while, since the change may be what cut it off.
 */
export function withCanaries(
  rollout: RolloutStatus,
  { stages, seats, now }: { stages: readonly Stage[]; seats: readonly Seat[]; now: number },
): RolloutStatus {
  const amount = stages[rollout.stage - 1]?.amount;
  if (amount === undefined || !('routers' in amount)) return rollout;
  const canaries = rollout.canaries ?? [];
  const isPatient = now < Date.parse(rollout.stageAt) + CANARY_PATIENCE_MS;
  const serving = seats.filter(
    ({ uid, outcome, presence }) =>
      canaries.includes(uid) &&
      (outcome !== undefined || presence === 'up' || (presence === 'away' && isPatient)),
  );
  const lacking = Math.min(amount.routers - serving.length, amount.routers * MOST_REPLACED - canaries.length);
  if (lacking <= 0) return rollout;
  const chosen = seats
    .filter(
      ({ uid, outcome, presence }) => presence === 'up' && outcome === undefined && !canaries.includes(uid),
    )
    .sort((a, b) => a.place - b.place || (a.uid < b.uid ? -1 : 1))
    .slice(0, lacking)
    .map(({ uid }) => uid);
  if (chosen.length === 0) return rollout;
  return { ...rollout, canaries: [...canaries, ...chosen], stageAt: rfc3339(now) };
}
