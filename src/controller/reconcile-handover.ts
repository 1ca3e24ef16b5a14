import { isDeepStrictEqual } from 'node:util';
import {
  type AddressClaim,
  type AddressEntry,
  inOrder,
  isLive,
  type TunnelEntry,
} from '../allocation/index.ts';
import { type HandoverPeer, LABEL_TUNNEL, peersObjectName, tunnelObjectName } from '../api/index.ts';
import {
  type ConfigMap,
  configMaps,
  type Informer,
  keyOf,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
  type ResourceType,
  type Secret,
  secrets,
} from '../kube/index.ts';
import { catchUpBlock, catchUpTunnel } from './catch-up.ts';
import { confirmKey, isTold, isToldAddress } from './confirm-claim.ts';
import { createOrReplace } from './create-or-replace.ts';
import { endpointToHandOver } from './endpoint/hand-over.ts';
import { hostOf } from './endpoint/state.ts';
import { mayStay, tenantOf } from './find-tunnel.ts';
import { currentNode, handedOverTunnel } from './gateways.ts';
import { peersIn } from './handed-over-peers.ts';
import {
  blockObjects,
  type Destination,
  type HandoverRouter,
  readTunnel,
  tunnelObjects,
} from './handover-objects.ts';
import { keysOfClass } from './made-key.ts';
import { profilesOfClass } from './profiles/class-handover.ts';
import { lodgingOf, placedAt, tellMove } from './relocation.ts';
import { subnetsOf } from './router-subnets.ts';
import { servicesOf } from './tunnel-services.ts';
import { tunnelOf, type World, wakeTunnelHandover } from './world.ts';

/** How soon it is looked at again what a cache does not show yet, ms. */
const UNSEEN_MS = 1000;

/** Keys are `N`, a tunnel's own objects, and `N/B`, those of one of its blocks. */
export const reconcileHandover =
  (world: World): Reconcile =>
  async (key, context) => {
    const [index, block] = key.split('/').map(Number) as [number, number | undefined];
    const entry = world.ledger.tunnels.get(index);
    if (entry === undefined ? world.ledger.isUnknown(index) : !isLive(entry)) {
      await removeAll(world, index, context);
    } else if (entry !== undefined && world.ledger.unreadable(entry.tenant) === undefined) {
      // What stands of a tunnel whose ledger cannot be read stays as it is: its traffic goes on.
      return block === undefined
        ? handOverTunnel(world, entry, context)
        : handOverBlock(world, entry, block, context);
    }
    return undefined;
  };

/** Where its TenantTunnel or its class is gone, a tunnel keeps what it was handed over with, and its routers still change. */
async function handOverTunnel(
  world: World,
  entry: TunnelEntry,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const { caches, ledger } = world;
  const standing = handedOverTunnel(world, entry.index);
  // The node of a tunnel is chosen once: what only the cache lacks must not be placed anew.
  if (standing === undefined && (await isOnlyUnseen(world, entry.index, context.signal)))
    return { requeueAfterMs: UNSEEN_MS };
  const before = readTunnel(standing);
  const named = caches.tunnels.get(entry.owner);
  // One of that name may be another tenant's: made again while this entry waits to be let go.
  const tunnel = named !== undefined && tenantOf(named) === entry.tenant ? named : undefined;
  const tunnelClass = caches.classes.get(entry.className);
  const lodging = await lodgingOf(world, entry, standing, { tunnel, tunnelClass }, context.signal);
  const { node, move, againMs } = lodging;
  const mtu = tunnel?.spec.mtu ?? tunnelClass?.spec.mtu ?? before?.mtu;
  const routerToRouter =
    tunnel?.spec.routerToRouter ?? tunnelClass?.spec.routerToRouter ?? before?.routerToRouter ?? 'Allow';
  const services = tunnel && tunnelClass ? servicesOf(tunnel, tunnelClass) : before?.services;
  const profiles = tunnelClass ? profilesOfClass(tunnelClass) : before?.profiles;
  const endpoint = endpointToHandOver({
    host: tunnel && tunnelClass && hostOf(world, entry, tunnelClass, tunnel),
    entry,
    status: tunnel?.status,
    standing: before?.endpoint ?? {},
  });
  const keys = tunnelClass ? keysOfClass(tunnelClass) : before?.keys;
  const of = tunnel ?? before?.tunnel;
  if (node === undefined || mtu === undefined || of === undefined) return undefined;
  const to = destination(world, node);
  await catchUpTunnel(world, entry.index);
  const blocks = ledger.liveBlocks(entry.index);
  const [configMap, secret] = tunnelObjects(to, {
    revision: ledger.revision(),
    entry,
    tunnel: of,
    mtu,
    routerToRouter,
    services,
    profiles,
    endpoint,
    keys,
    blocks,
    placedAt: placedAt(world, standing, node),
  });
  // Of two leaders that move a tunnel, the ConfigMap's version lets one; all else follows where that says.
  if (move !== undefined) await put(caches.configMaps, world, configMaps, configMap, context);
  tellMove(world, entry, tunnel, lodging);
  await put(caches.secrets, world, secrets, secret, context);
  if (move === undefined) await put(caches.configMaps, world, configMaps, configMap, context);
  return againMs === undefined ? undefined : { requeueAfterMs: againMs };
}

async function isOnlyUnseen(world: World, index: number, signal: AbortSignal): Promise<boolean> {
  const name = { name: tunnelObjectName(index), namespace: world.gatewayNamespace };
  return isSeenByLabel(await world.client.get(configMaps, name, { signal }));
}

/** Whether the cache will show it: it finds objects by this label, which somebody may have taken away. */
const isSeenByLabel = (object: ConfigMap | Secret | undefined): boolean =>
  object?.metadata.labels?.[LABEL_TUNNEL] !== undefined;

async function handOverBlock(
  world: World,
  entry: TunnelEntry,
  block: number,
  context: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const node = currentNode(world, entry.index);
  if (node === undefined) {
    // The tunnel's ConfigMap, once it is in the cache with its node, wakes the blocks (wiring).
    wakeTunnelHandover(world, entry.index);
    return undefined;
  }
  await catchUpBlock(world, entry.index, block);
  const claims = world.ledger.claimsIn(entry.index, block);
  const missing = claims.filter(({ entry: { owner } }) => world.caches.routers.get(owner) === undefined);
  if (missing.length > 0) {
    // They are asked for past the cache, and those that are gone are released, which wakes this block again.
    for (const { entry: router } of missing) world.controllers.routers.enqueue(router.owner);
    return undefined;
  }
  const { gatewayNamespace: namespace, caches } = world;
  const current = caches.configMaps.get(`${namespace}/${peersObjectName(entry.index, block)}`);
  const isHandedOver = peersIn(current);
  const routers = claims.flatMap((claim) => handoverOf(world, entry, claim, isHandedOver));
  const revision = world.ledger.revision(entry.index, block);
  const to = destination(world, node);
  const [configMap, secret] = blockObjects(to, entry.index, block, routers, revision);
  if (claims.length === 0) {
    await remove(world.caches.configMaps, world, configMaps, configMap, context);
    await remove(world.caches.secrets, world, secrets, secret, context);
    return undefined;
  }
  await put(world.caches.secrets, world, secrets, secret, context);
  await put(world.caches.configMaps, world, configMaps, configMap, context);
  // A Router that is refused is not looked at again when its key has become sure.
  return claims.some((claim) => isUnseen(world, claim)) ? { requeueAfterMs: UNSEEN_MS } : undefined;
}

function isUnseen(world: World, claim: AddressClaim): boolean {
  const router = world.caches.routers.get(claim.entry.owner);
  return router !== undefined && confirmKey(world, router, claim) === 'unseen';
}

/** A router's peer, unless it is suspended, gone, or not allowed into the tunnel any more. */
function handoverOf(
  world: World,
  tunnel: TunnelEntry,
  claim: AddressClaim,
  isHandedOver: ReturnType<typeof peersIn>,
): HandoverRouter[] {
  const { entry, address } = claim;
  const router = world.caches.routers.get(entry.owner);
  if (router === undefined || router.metadata.deletionTimestamp !== undefined || router.spec.suspended)
    return [];
  if (!mayStay(tunnelOf(world, router), tunnel)) return [];
  // Of two with one key WireGuard would give the peer to whichever comes last. The Router wakes the block when it is sure.
  const sureness = confirmKey(world, router, claim);
  // A key that a fresh script has waits for its status: told the other way round, the agent would think the new router there.
  const isAnnounced = entry.renewed === undefined || entry.isOwnKey || isTold(router, entry);
  const isSure = sureness === 'sure' && isToldAddress(router, claim) && isAnnounced;
  // One that lost its status, or that the ledger took over, works meanwhile: it must not be cut off for a moment.
  const stays = () => sureness !== 'contested' && isHandedOver({ address, publicKey: entry.publicKey });
  if (!isSure && !stays()) return [];
  const { namespace, name, uid } = router.metadata;
  const peer: HandoverPeer = {
    namespace,
    name,
    uid,
    address,
    publicKey: entry.publicKey,
    allowedIPs: [`${address}/32`, ...subnetsOf(world, router, tunnel).granted],
  };
  return [{ peer, ...accessOf(entry) }];
}

function accessOf({
  access,
  presharedKey,
  nextPublicKey,
  isOwnKey,
}: AddressEntry): Pick<HandoverRouter, 'access'> {
  if (access === undefined) return {};
  return {
    access: {
      ...inOrder(access),
      ...(presharedKey === undefined ? {} : { presharedKey }),
      ...(nextPublicKey === undefined ? {} : { nextPublicKey }),
      ...(isOwnKey ? { ownKey: true } : {}),
    },
  };
}

const destination = ({ gatewayNamespace: namespace }: World, node: string): Destination => ({
  namespace,
  node,
});

async function put<T extends ConfigMap | Secret>(
  cache: Informer<T>,
  world: World,
  type: ResourceType<T>,
  desired: T,
  context: ReconcileContext,
): Promise<void> {
  const current = cache.get(keyOf(desired));
  const { signal } = context;
  if (current === undefined) {
    context.wrote(cache, await createOrReplace(world.client, type, desired, signal, isSeenByLabel));
    return;
  }
  const same =
    isDeepStrictEqual(current.data ?? {}, desired.data ?? {}) &&
    isDeepStrictEqual(current.metadata.labels, desired.metadata.labels);
  if (same) return;
  const { resourceVersion } = current.metadata;
  const metadata = { ...desired.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  context.wrote(
    cache,
    await world.client.update(type, { ...desired, metadata }, { signal, metadataAlone: true }),
  );
}

async function remove<T extends ConfigMap | Secret>(
  cache: Informer<T>,
  world: World,
  type: ResourceType<T>,
  object: { metadata: { name: string; namespace?: string } },
  context: ReconcileContext,
): Promise<void> {
  const current = cache.get(keyOf(object));
  if (current === undefined) return;
  await world.client.delete(type, object.metadata, { signal: context.signal });
  context.deleted(cache, current);
}

async function removeAll(world: World, index: number, context: ReconcileContext): Promise<void> {
  world.chosenNodes.delete(index);
  for (const object of world.caches.configMaps.byIndex('tunnel', String(index))) {
    await remove(world.caches.configMaps, world, configMaps, object, context);
  }
  for (const object of world.caches.secrets.byIndex('tunnel', String(index))) {
    await remove(world.caches.secrets, world, secrets, object, context);
  }
}
