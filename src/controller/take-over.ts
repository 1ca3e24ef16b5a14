import { type KubeApi, keyFor } from '../kube/index.ts';
import { readLedger, storedFrom } from './ledger-store.ts';
import { recoverFromGateways } from './recover.ts';
import type { World } from './world.ts';

/**
 * What a process that begins to lead does before all else: reads the ledger whole, and keeps up with it from then on; and
 * brings it up to what the gateways have, if it is older.
 * What it may have seen of it as a standby counts for nothing, since the one that led before it knew better: a block
 * that was forgotten then, and its number given to another tunnel, must not be mended from an old memory.
 */
export async function takeOver(
  world: World,
  client: Pick<KubeApi, 'list'>,
  namespace: string,
): Promise<void> {
  followLedger(world);
  const { ledger, controllers } = world;
  for (const object of await readLedger(client, namespace)) {
    ledger.observe(object);
    if (ledger.isAmiss(object.name)) controllers.ledger.enqueue(keyFor({ namespace, name: object.name }));
  }
  await recoverFromGateways(world, client);
}

function followLedger({ caches, controllers, ledger }: World): void {
  caches.ledger.onChange(({ type, key, object }) => {
    const { name, resourceVersion } = object.metadata;
    const isNews =
      type === 'deleted' ? ledger.observeDeleted(name, resourceVersion) : ledger.observe(storedFrom(object));
    if (isNews) controllers.ledger.enqueue(key);
  });
}
