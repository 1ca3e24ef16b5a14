import type { HandedTunnel, Recovery } from '../allocation/index.ts';
import { LABEL_TUNNEL } from '../api/index.ts';
import { type ConfigMap, configMaps, type KubeApi, refOf, type Secret, secrets } from '../kube/index.ts';
import { mayShareSubnet } from './class-capacity.ts';
import { defaultClass } from './find-class.ts';
import { handedTunnels } from './handed-over.ts';
import { listAll } from './list-all.ts';
import type { World } from './world.ts';

/**
 * Takes over from the gateways what the ledger lacks, since it was lost or is from a backup. Before any reconcile: an
 * address that a live peer holds must not be given to another in between. In a healthy cluster this compares numbers.
 */
export async function recoverFromGateways(world: World, client: Pick<KubeApi, 'list'>): Promise<void> {
  const { caches, ledger, logger } = world;
  const read = (maps: readonly ConfigMap[], keys: readonly Secret[]): HandedTunnel[] =>
    handedTunnels(maps, keys, (tenantTunnel) => classNameOf(world, tenantTunnel));
  if (!ledger.isBehind(read(caches.configMaps.list(), caches.secrets.list()))) return;
  const selection = { namespace: world.gatewayNamespace, labelSelector: LABEL_TUNNEL };
  const handed = read(
    await listAll(client, configMaps, selection),
    await listAll(client, secrets, selection),
  );
  const recovery = await ledger.recover(
    handed,
    (owner) => caches.routers.get(owner)?.spec,
    (a, b) => mayShareSubnet(a, b, (name) => caches.classes.get(name)),
  );
  const routers = [...recovery.routers.values()].reduce((sum, list) => sum + list.length, 0);
  if (routers + recovery.tunnels.length === 0) return;
  const tunnels = recovery.tunnels.map(({ index, tenant }) => `${index}.${tenant}`);
  logger.warn(
    { tunnels: tunnels.slice(0, 20), tunnelCount: tunnels.length, routerCount: routers },
    'The ledger was older than what the gateways have, as after a restore; what it lacked was taken over from them.',
  );
  tell(world, recovery);
}

function classNameOf({ caches }: World, tenantTunnel: string): string | undefined {
  return (
    caches.tunnels.get(tenantTunnel)?.spec.className ?? defaultClass(caches.classes.list())?.metadata.name
  );
}

/** One Event a tunnel, however many routers it has. */
function tell({ caches, ledger, events }: World, recovery: Recovery): void {
  const indices = new Set([...recovery.tunnels.map(({ index }) => index), ...recovery.routers.keys()]);
  for (const index of indices) {
    const tunnel = caches.tunnels.get(ledger.tunnels.get(index)?.owner ?? '');
    if (tunnel === undefined) continue;
    const count = recovery.routers.get(index)?.length ?? 0;
    const isNew = recovery.tunnels.some((entry) => entry.index === index);
    const what = [
      ...(isNew ? ['this tunnel'] : []),
      ...(count === 0 ? [] : [count === 1 ? 'a Router of it' : `${count} Routers of it`]),
    ].join(' and ');
    events.record({
      regarding: refOf(tunnel),
      type: 'Warning',
      reason: 'LedgerRecovered',
      action: 'Recover',
      note: `The ledger did not know ${what} any more, as after a restore from an older backup. All was taken over from the gateways, with addresses and keys: nothing has to be done in the field.`,
    });
  }
}
