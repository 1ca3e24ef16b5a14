import type { RouterTask } from './router-tasks.ts';

/** Routers that are in work at once, by what bounds them: their tunnel, and each profile that may change them. */
export class Lanes {
  readonly #busy = new Map<string, number>();

  /** Takes a place in each of these lanes, or in none where one is full. Returns what gives the places back. */
  enter(limits: ReadonlyMap<string, number>): (() => void) | undefined {
    for (const [lane, most] of limits) if ((this.#busy.get(lane) ?? 0) >= most) return undefined;
    for (const lane of limits.keys()) this.#busy.set(lane, (this.#busy.get(lane) ?? 0) + 1);
    return () => {
      for (const lane of limits.keys()) {
        const left = (this.#busy.get(lane) ?? 1) - 1;
        if (left > 0) this.#busy.set(lane, left);
        else this.#busy.delete(lane);
      }
    };
  }
}

export interface LaneInput {
  interfaceName: string;
  /** Routers that this gateway has in work at once. */
  concurrency: number;
  /** What the tunnel's class says of each of its tunnels. */
  ofClass: number | undefined;
  tasks: readonly Pick<RouterTask, 'profile' | 'mode' | 'maxParallel'>[];
}

/** Lane → how many it has room for. Of one tunnel's routers, some places always stay free for the others. */
export function lanesOf({ interfaceName, concurrency, ofClass, tasks }: LaneInput): Map<string, number> {
  const share = Math.max(1, Math.floor(concurrency * 0.75));
  const lanes = new Map([[`tunnel ${interfaceName}`, Math.min(share, ofClass ?? share)]]);
  for (const { profile, mode, maxParallel } of tasks)
    if (mode === 'apply' && maxParallel !== undefined) lanes.set(`profile ${profile}`, maxParallel);
  return lanes;
}
