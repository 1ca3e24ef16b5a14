import { isDeepStrictEqual } from 'node:util';
import { isLive, type TunnelEntry } from '../../allocation/index.ts';
import type { TunnelClass } from '../../api/index.ts';
import {
  isApiError,
  keyFor,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
  services,
} from '../../kube/index.ts';
import type { Refusal } from '../find-tunnel.ts';
import { currentNode } from '../gateways.ts';
import type { World } from '../world.ts';
import { innerAddresses, outerAddresses } from './addresses.ts';
import { ENDPOINT_SELECTOR } from './caches.ts';
import { balancerName, endpointObjects, recordName, type Standing } from './objects.ts';
import { type PutResult, put, take } from './put.ts';

/** The key that asks once, by a process that begins to lead, whether there are objects of a class that has none any more. */
export const LEFT = 'left';

/** How soon is looked whether the first list has come, ms. */
const UNSYNCED_MS = 5_000;
/** How often is tried again what was refused, ms. */
const REFUSED_MS = 60_000;

/** Index of a tunnel → the Services and EndpointSlices that lead to it. What is amiss its TenantTunnel says. */
export const reconcileEndpoint =
  (world: World): Reconcile =>
  async (key, context) => {
    const { endpointCaches, ledger } = world;
    if (key === LEFT) return lookForLeft(world, context.signal);
    if (!endpointCaches.hasBegun) return undefined;
    const index = Number(key);
    const entry = ledger.tunnels.get(index);
    if (entry === undefined ? ledger.isUnknown(index) : !isLive(entry)) {
      world.endpointTroubles.delete(index);
      await removeAll(world, index, context);
      return undefined;
    }
    // What stands of a tunnel whose ledger cannot be read stays as it is.
    if (entry === undefined || ledger.unreadable(entry.tenant) !== undefined) return undefined;
    const tunnelClass = world.caches.classes.get(entry.className);
    if (!endpointCaches.hasSynced) {
      if (tunnelClass === undefined || tunnelClass.spec.endpoint.mode === 'Static') return undefined;
      if (endpointCaches.failing === 'Forbidden') tell(world, entry, forbidden(world));
      return { requeueAfterMs: UNSYNCED_MS };
    }
    return bring(world, entry, tunnelClass, context);
  };

/** Where services are not allowed nobody has ever made one. */
async function lookForLeft({ client, gatewayNamespace, endpointCaches }: World, signal: AbortSignal) {
  if (endpointCaches.hasBegun) return undefined;
  const selection = { namespace: gatewayNamespace, labelSelector: ENDPOINT_SELECTOR, limit: 1, signal };
  try {
    if ((await client.list(services, selection)).items.length > 0) endpointCaches.begin();
  } catch (error) {
    if (!isApiError(error, 'Forbidden')) throw error;
  }
  return undefined;
}

async function bring(
  world: World,
  entry: TunnelEntry,
  tunnelClass: TunnelClass | undefined,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { endpointCaches, gatewayNamespace: namespace } = world;
  const name = currentNode(world, entry.index);
  const node = name === undefined ? undefined : world.caches.nodes.get(name);
  const desired = endpointObjects({
    namespace,
    entry,
    tunnelClass,
    node:
      name === undefined
        ? undefined
        : { name, outer: outerAddresses(node)?.addresses ?? [], inner: innerAddresses(node) },
    standing: standingOf(world, entry.index),
  });
  const results: PutResult[] = [];
  for (const service of desired.services)
    results.push(await put(world, endpointCaches.services, service, context));
  for (const slice of desired.slices ?? [])
    results.push(await put(world, endpointCaches.slices, slice, context));
  if (desired.slices !== undefined) {
    const names = new Set(desired.slices.map(({ metadata }) => metadata.name));
    for (const slice of endpointCaches.slices.byIndex('tunnel', String(entry.index)))
      if (!names.has(slice.metadata.name)) await take(world, endpointCaches.slices, slice, context);
  }
  const refused = results.find((result) => result !== undefined && 'refused' in result);
  tell(world, entry, refused?.refused);
  if (refused !== undefined) return { requeueAfterMs: REFUSED_MS };
  const later = results.find((result) => result !== undefined && 'againMs' in result);
  return later === undefined ? undefined : { requeueAfterMs: later.againMs };
}

/** A tunnel's Services, as the cache has them. */
export function standingOf({ endpointCaches, gatewayNamespace: namespace }: World, index: number): Standing {
  const get = (name: string) => endpointCaches.services.get(keyFor({ namespace, name }));
  return { record: get(recordName(index)), balancer: get(balancerName(index)) };
}

async function removeAll(
  { client, endpointCaches: { services, slices } }: World,
  index: number,
  context: ReconcileContext,
): Promise<void> {
  for (const slice of slices.byIndex('tunnel', String(index))) await take({ client }, slices, slice, context);
  for (const service of services.byIndex('tunnel', String(index)))
    await take({ client }, services, service, context);
}

function tell(world: World, { index, owner }: TunnelEntry, trouble: Refusal | undefined): void {
  const { endpointTroubles } = world;
  if (endpointTroubles.has(index) && isDeepStrictEqual(endpointTroubles.get(index), trouble)) return;
  endpointTroubles.set(index, trouble);
  world.controllers.tunnels.enqueue(owner);
}

const forbidden = ({ gatewayNamespace }: World): Refusal => ({
  reason: 'ServiceRefused',
  message: `The controller may not list Services and EndpointSlices in namespace ${gatewayNamespace}, which the endpoint mode of the class needs: bring its role to this version (docs/rbac.md).`,
});
