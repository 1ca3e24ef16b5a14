/** Whole numbers from `from` up to, but not including, `to`; empty where `to` is not above `from`. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** The same numbers in ascending order, in intervals that do not touch. */
export function merged(intervals: readonly Interval[]): Interval[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (to > from) result.push({ from, to });
  }
  return result;
}

/** How many different numbers there are in intervals that may overlap. */
export const countOf = (intervals: readonly Interval[]): number =>
  merged(intervals).reduce((sum, { from, to }) => sum + to - from, 0);

/** The lowest number from 0 up to, but not including, `end` that is in none of the intervals. */
export function firstGap(intervals: readonly Interval[], end: number): number | undefined {
  let next = 0;
  for (const { from, to } of merged(intervals)) {
    if (next < from) break;
    next = Math.max(next, to);
  }
  return next < end ? next : undefined;
}
