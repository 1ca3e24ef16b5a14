import { peersObjectName } from '../api/index.ts';
import type { ConfigMap } from '../kube/index.ts';
import { revisionOf } from './handed-over.ts';
import type { World } from './world.ts';

/**
 * Another leader may have handed over what our ledger does not show yet. Made anew from ours, its routers would be cut off
 * until the watch brings them: what the handover has later than our ledger is read first.
 */
export function catchUpBlock(world: World, index: number, block: number): Promise<void> {
  const { caches, gatewayNamespace, ledger } = world;
  const current = caches.configMaps.get(`${gatewayNamespace}/${peersObjectName(index, block)}`);
  return ledger.catchUpWith(index, block, current && revisionOf(current));
}

/** The same for all that a tunnel's list of blocks is made from. */
export async function catchUpTunnel({ caches, ledger }: World, index: number): Promise<void> {
  for (const object of caches.configMaps.byIndex('tunnel', String(index))) {
    const block = blockOf(object);
    if (block !== undefined) await ledger.catchUpWith(index, block, revisionOf(object));
  }
}

function blockOf({ metadata: { name } }: ConfigMap): number | undefined {
  const match = /-peers-(\d{1,5})$/.exec(name)?.[1];
  return match === undefined ? undefined : Number(match);
}
