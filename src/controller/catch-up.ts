import { accessObjectName, peersObjectName, TUNNEL_KEY } from '../api/index.ts';
import type { ConfigMap } from '../kube/index.ts';
import { handedOverTunnel } from './gateways.ts';
import { latest, revisionOf } from './handed-over.ts';
import type { World } from './world.ts';

/**
 * Another leader may have handed over what our ledger does not show yet. Made anew from ours, its routers would be cut off
 * until the watch brings them: what the handover has later than our ledger is read first.
 */
export function catchUpBlock(world: World, index: number, block: number): Promise<void> {
  const { caches, gatewayNamespace, ledger } = world;
  const peers = caches.configMaps.get(`${gatewayNamespace}/${peersObjectName(index, block)}`);
  const access = caches.secrets.get(`${gatewayNamespace}/${accessObjectName(index, block)}`);
  const revision = latest(peers && revisionOf(peers), access && revisionOf(access));
  return ledger.catchUpWith(index, block, revision);
}

/** The same for the list of a tunnel's blocks: none that it names goes without a look. */
export async function catchUpTunnel(world: World, index: number): Promise<void> {
  const live = new Set(world.ledger.liveBlocks(index));
  const gone = blocksIn(handedOverTunnel(world, index)).filter((block) => !live.has(block));
  for (const block of gone) await world.ledger.catchUpWith(index, block, Number.POSITIVE_INFINITY);
}

function blocksIn(object: ConfigMap | undefined): number[] {
  try {
    const { blocks } = JSON.parse(object?.data?.[TUNNEL_KEY] ?? '');
    return Array.isArray(blocks) ? blocks.filter((block) => Number.isInteger(block) && block >= 0) : [];
  } catch {
    // Edited by hand into something else; it is written anew.
    return [];
  }
}
