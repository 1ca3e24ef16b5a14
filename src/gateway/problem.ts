import type { ConditionReason } from '../api/index.ts';

/** Why something is not as it should be, in the words of a condition. */
export interface Problem {
  reason: ConditionReason;
  /** What is wrong, where, and what to do. Holds no secret. */
  message: string;
}

export type Read<T> = { ok: true; value: T } | { ok: false; problem: Problem };

export const read = <T>(value: T): Read<T> => ({ ok: true, value });
export const unreadable = (reason: Problem['reason'], message: string): Read<never> => ({
  ok: false,
  problem: { reason, message },
});
