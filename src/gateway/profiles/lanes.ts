import { partOf, TUNNEL_PART } from '../lanes.ts';
import type { RouterTask } from './router-tasks.ts';

export interface LaneInput {
  interfaceName: string;
  /** Routers that this gateway has in work at once. */
  concurrency: number;
  /** What the tunnel's class says of each of its tunnels. */
  ofClass: number | undefined;
  tasks: readonly Pick<RouterTask, 'profile' | 'mode' | 'maxParallel'>[];
}

/** Lane → how many it has room for: the router's tunnel, and each profile that may change it and says how many at once. */
export function lanesOf({ interfaceName, concurrency, ofClass, tasks }: LaneInput): Map<string, number> {
  const share = partOf(concurrency, TUNNEL_PART);
  const lanes = new Map([[`tunnel ${interfaceName}`, Math.min(share, ofClass ?? share)]]);
  for (const { profile, mode, maxParallel } of tasks)
    if (mode === 'apply' && maxParallel !== undefined) lanes.set(`profile ${profile}`, maxParallel);
  return lanes;
}
