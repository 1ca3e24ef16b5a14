import { ensureBinaries, ensureKindBinaries, ensureNodeBinaries } from '../binaries.ts';
import { dataPlaneObstacle, ensurePackages, nodeObstacle } from '../prerequisites.ts';
import { kindObstacle } from './kind/engine.ts';

export interface Provider {
  /** `own`: nodes that this process makes. */
  provider: 'own' | 'kind';
  /** For kind's nodes; null: what kind takes by itself. */
  image: string | null;
  /** Why it cannot make nodes here; null when it can. */
  obstacle: string | null;
}

/** Who makes a Kubernetes here, by `KIND` in the environment and by what the machine has. */
export function findProvider(): Provider {
  return choose(process.env.KIND, {
    own: nodeObstacle,
    kind: () => dataPlaneObstacle() ?? kindObstacle(),
  });
}

/** @param wish `1`, or the image that kind's nodes are to have; empty: nodes of our own, kind's where those cannot run */
export function choose(
  wish: string | undefined,
  obstacles: Record<Provider['provider'], () => string | null>,
): Provider {
  if (wish) return { provider: 'kind', image: wish === '1' ? null : wish, obstacle: obstacles.kind() };
  const obstacle = obstacles.own();
  if (obstacle !== null && obstacles.kind() === null)
    return { provider: 'kind', image: null, obstacle: null };
  return { provider: 'own', image: null, obstacle };
}

/** Installs and builds what is missing. @throws one sentence that says what to install */
export async function prepareFor(
  provider: Provider['provider'],
  progress: (line: string) => void,
): Promise<void> {
  ensurePackages(progress, provider === 'own' ? 'nodes' : 'images');
  if (provider === 'kind') {
    await ensureKindBinaries({ progress });
  } else {
    await ensureBinaries({ progress });
    await ensureNodeBinaries({ progress });
  }
}
