import type { RouterSpecWritten } from '../../../src/api/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { seeded } from '../../testbed/seeded.ts';
import type { ScaleCluster } from './cluster.ts';

export interface ChurnOptions {
  seconds: number;
  /** How many there are at the end, about. */
  routers: number;
  tunnels: number;
  seed: number;
}

export interface Churned {
  created: number;
  deleted: number;
  /** Pairs that were applied at one time and want one key, or one address. */
  contests: number;
}

const PEOPLE = 16;
/** Of the names that were deleted, so many are applied again rather than new ones. */
const RETURNING = 0.2;
const CONTESTS = 0.04;
/** Of actions, while there are as many as there shall be. */
const DELETIONS = 0.5;

/** Routers of namespace `a` applied and deleted by several people at a time: more and more, then as many as they go. */
export async function churn(cluster: ScaleCluster, options: ChurnOptions): Promise<Churned> {
  const random = seeded(options.seed);
  const end = performance.now() + options.seconds * 1000;
  const done: Churned = { created: 0, deleted: 0, contests: 0 };
  const alive: string[] = [];
  const gone: string[] = [];
  let number = 0;
  const tunnelOf = (key: string): number => Number(key.slice(key.indexOf('-') + 1)) % options.tunnels;
  const pick = (from: string[]): string => {
    const at = Math.floor(random() * from.length);
    const last = from.pop() ?? '';
    if (at >= from.length) return last;
    const picked = from[at] ?? '';
    from[at] = last;
    return picked;
  };
  const add = async (key: string, spec: Partial<RouterSpecWritten> = {}): Promise<void> => {
    await cluster.addRouter(key, { tenant: `t${tunnelOf(key)}`, ...spec });
    alive.push(key);
    done.created++;
  };
  const contest = async (): Promise<void> => {
    const index = done.contests++;
    const tunnel = index % options.tunnels;
    const keys = [`a/x${index}-${tunnel}`, `a/y${index}-${tunnel}`];
    const wanted: Partial<RouterSpecWritten> =
      random() < 0.5 ? { publicKey: generateKeyPair().publicKey } : addressOf(tunnel, index);
    await Promise.all(keys.map((key) => add(key, wanted)));
  };
  const person = async (): Promise<void> => {
    while (performance.now() < end) {
      if (alive.length >= options.routers && random() < DELETIONS) {
        const key = pick(alive);
        await cluster.removeRouter(key);
        gone.push(key);
        done.deleted++;
      } else if (random() < CONTESTS) {
        await contest();
      } else {
        await add(gone.length > 0 && random() < RETURNING ? pick(gone) : `a/r-${number++}`);
      }
    }
  };
  await Promise.all(Array.from({ length: PEOPLE }, person));
  return done;
}

/** High in the subnet that the tunnel of this number has, as they are pinned in {@link addTunnels}. */
const addressOf = (tunnel: number, index: number): Partial<RouterSpecWritten> => ({
  address: `10.${100 + tunnel}.200.${1 + (index % 250)}`,
});

export async function addTunnels(cluster: ScaleCluster, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await cluster.addTunnel(`a/t${i}`, { subnet: `10.${100 + i}.0.0/16` });
}
