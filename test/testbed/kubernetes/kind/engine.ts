import { spawnSync } from 'node:child_process';
import { findOnPath } from '../../path.ts';

/** What kind can have its nodes' containers from; the first that works is taken. */
const ENGINES = ['docker', 'podman'] as const;

export type Engine = (typeof ENGINES)[number];

/** Null when none answers. */
export function findEngine(): Engine | null {
  return ENGINES.find((engine) => findOnPath(engine) !== null && answers(engine)) ?? null;
}

const answers = (engine: Engine): boolean =>
  spawnSync(engine, ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;

/** Why kind cannot make nodes here; null when it can. */
export function kindObstacle(): string | null {
  if (findOnPath('kind') === null) return 'needs kind (https://kind.sigs.k8s.io)';
  if (findEngine() === null) return `needs a container engine that answers: ${ENGINES.join(' or ')}`;
  return null;
}
