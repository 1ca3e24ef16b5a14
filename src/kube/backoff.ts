/** Exponential backoff: `baseMs` doubling to at most `maxMs`. */
export interface BackoffOptions {
  baseMs: number;
  maxMs: number;
}

/**
 * The wait before try number `failures` + 1, in ms: between half and all of base·2ⁿ⁻¹, so that many which failed
 * together do not come back together. `random` gives numbers in [0, 1).
 */
export function backoffMs(failures: number, options: BackoffOptions, random: () => number): number {
  const exponent = Math.min(Math.max(failures - 1, 0), 40);
  const full = Math.min(options.baseMs * 2 ** exponent, options.maxMs);
  return full / 2 + (full / 2) * random();
}
