import type { RowReason } from '../../api/index.ts';

export type ProblemReason = RowReason;

/** What is wrong with one row of a profile on one router. Never holds a value of a Secret. */
export interface RowProblem {
  /** `namespace/name` of the RouterProfile. */
  profile: string;
  /** E.g. `/ip/pool name=guests`; absent: of the whole profile. */
  row?: string;
  reason: ProblemReason;
  message: string;
}

/** These are told, and yet the profile has been applied. */
export const IS_NOTE: ReadonlySet<ProblemReason> = new Set(['Overridden', 'ReadsDifferently']);
