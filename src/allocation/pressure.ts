/** How near something that is given out is to its end. */
export type Pressure = 'Enough' | 'NearlyExhausted' | 'Exhausted';

/** Of so many, how many taken ones are nearly all: nine in ten. */
export const nearlyAll = (total: number): number => Math.ceil((total * 9) / 10);

export function pressureOf(total: number, free: number): Pressure {
  if (free <= 0) return 'Exhausted';
  return total - free >= nearlyAll(total) ? 'NearlyExhausted' : 'Enough';
}
