/** How requests fare on their way. */
export interface Weather {
  /** ms of each way of a request, from and to. */
  latency: readonly [number, number];
  /** ms until a change shows in a watch, from and to. */
  lag: readonly [number, number];
  /** Shares of requests, of 1. */
  faults: Partial<Record<Fault, number>>;
}

/**
 * - `unsent`: the connection is refused
 * - `busy`: 429
 * - `broken`: 500, not done
 * - `lost`: done, and the reply is lost
 * - `dubious`: done, and the reply is 504
 * - `late`: done after so long that the caller may have given up, or may lead no more
 */
export type Fault = 'unsent' | 'busy' | 'broken' | 'lost' | 'dubious' | 'late';

export const WEATHERS = {
  calm: { latency: [1, 4], lag: [1, 8], faults: {} },
  uneven: { latency: [1, 400], lag: [1, 400], faults: {} },
  lagging: { latency: [1, 20], lag: [200, 6000], faults: {} },
  stale: { latency: [1, 20], lag: [5000, 25_000], faults: {} },
  gusty: {
    latency: [1, 60],
    lag: [1, 300],
    faults: { unsent: 0.02, broken: 0.04, lost: 0.06, dubious: 0.04 },
  },
  stormy: {
    latency: [1, 900],
    lag: [1, 3000],
    faults: { unsent: 0.06, busy: 0.06, broken: 0.08, lost: 0.12, dubious: 0.06, late: 0.06 },
  },
  down: { latency: [1, 5], lag: [1, 8], faults: { unsent: 0.7, broken: 0.3 } },
} as const satisfies Record<string, Weather>;

export type WeatherName = keyof typeof WEATHERS;

/** Which of the faults, if any, `roll` (in [0, 1)) falls upon. */
export function faultOf({ faults }: Weather, roll: number): Fault | undefined {
  let sum = 0;
  for (const [fault, share] of Object.entries(faults)) {
    sum += share;
    if (roll < sum) return fault as Fault;
  }
  return undefined;
}

/** How long a request that is late takes, ms, from and to: the client's own limit lies between. */
export const LATE_MS = [3000, 45_000] as const;
