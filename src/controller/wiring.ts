import { isLive } from '../allocation/index.ts';
import {
  ANNOTATION_CLASS,
  LABEL_GATEWAY,
  LABEL_PART,
  LABEL_TUNNEL,
  type Router,
  type TenantTunnel,
} from '../api/index.ts';
import { type Change, findCondition, type KubeObject, keyOf } from '../kube/index.ts';
import { BACKUPS } from './backups/reconcile-backups.ts';
import { rangesKey } from './cluster-ranges.ts';
import { namedHost } from './endpoint/host.ts';
import { LEFT } from './endpoint/reconcile.ts';
import { wakeEndpoints, wireEndpoints } from './endpoint/wiring.ts';
import { isDefault } from './find-class.ts';
import { isAsMade, tenantOf } from './find-tunnel.ts';
import { currentNode, departureFrom } from './gateways.ts';
import { handoverKeyOf } from './handover-key.ts';
import { PEER_KEY_QUEUE } from './peer-key.ts';
import { reseatRoutersOf, wireProfiles } from './profiles/wire-profiles.ts';
import { aliasesOf, rivalsOf } from './rivals.ts';
import { wakeSubnets } from './router-subnets.ts';
import { wakeUnnamed } from './superseded.ts';
import {
  BULK,
  QUARANTINE,
  type World,
  wakeBlockHandover,
  wakeClasses,
  wakeRoutersOf,
  wakeTunnelHandover,
  wakeTunnelsOf,
  wakeWholeHandover,
} from './world.ts';

/** Which change wakes whom. Everything is decided from the caches and the ledger; a change only says where to look. */
export function wire(world: World): void {
  const { caches, controllers, ledger } = world;
  const { routers, tunnels, classes } = controllers;

  caches.routers.onChange(({ key, type, object }) =>
    wakeSubnets(
      world,
      world.subnets.note(key, type === 'deleted' ? undefined : object, (name) => aliasesOf(world, name)),
    ),
  );
  routers.watches(caches.routers, (change) => [change.key, ...rivalsIn(world, change)]);
  caches.routers.onChange((change) => onRouter(world, change));

  tunnels.watches(caches.tunnels);
  caches.tunnels.onChange((change) => onTunnel(world, change));

  classes.watches(caches.classes);
  caches.classes.onChange((change) => {
    const isMarked = change.type === 'updated' && isDefault(change.object) !== isDefault(change.old);
    if (!specChanged(change) && !isMarked) return;
    for (const tunnel of caches.tunnels.list()) {
      tunnels.enqueue(keyOf(tunnel), BULK);
      wakeRoutersOf(world, tunnel, BULK);
    }
    for (const { index } of ledger.tunnels.values()) {
      controllers.handover.enqueue(String(index), BULK);
      controllers.secrets.enqueue(String(index), BULK);
    }
    controllers.quarantine.enqueue(QUARANTINE);
    controllers.backups.enqueue(BACKUPS, BULK);
    wakeClasses(world);
  });

  for (const cache of [caches.configMaps, caches.secrets]) {
    cache.onChange(({ object }) => controllers.handover.enqueue(handoverKeyOf(object), BULK));
  }
  caches.configMaps.onChange(({ object, old }) => {
    const { labels = {} } = object.metadata;
    if (labels[LABEL_PART] !== 'tunnel') return;
    const index = Number(labels[LABEL_TUNNEL]);
    const owner = ledger.tunnels.get(index)?.owner;
    if (owner !== undefined) tunnels.enqueue(owner);
    const tunnel = owner === undefined ? undefined : caches.tunnels.get(owner);
    const isOfAnother =
      object.metadata.annotations?.[ANNOTATION_CLASS] !== old?.metadata.annotations?.[ANNOTATION_CLASS];
    if (tunnel !== undefined && isOfAnother) reseatRoutersOf(world, tunnel);
    if (labels[LABEL_GATEWAY] !== old?.metadata.labels?.[LABEL_GATEWAY]) wakeWholeHandover(world, index);
  });

  wireProfiles(world);
  wireEndpoints(world);
  caches.heartbeats.onChange((change) => world.pulses.see(change));
  caches.nodes.onChange(({ key, object, old, type }) => {
    wakeTunnelsOn(world, key);
    const isGone = type === 'deleted';
    if (rangesKey(isGone ? undefined : object) !== rangesKey(isGone ? object : old)) wakeClasses(world);
  });
}

/**
 * What is to be thought of a node has changed: the tunnels that lie there may have to leave, and those that lie nowhere,
 * or where they should not, may go there.
 */
export function wakeTunnelsOn(world: World, changed: string): void {
  const { caches, controllers, ledger } = world;
  for (const entry of ledger.tunnels.values()) {
    if (!isLive(entry)) continue;
    const node = currentNode(world, entry.index);
    const tunnel = caches.tunnels.get(entry.owner);
    const tunnelClass = caches.classes.get(entry.className);
    // One that has come back is a node that the status does not name.
    const isKnown = tunnel === undefined || tunnel.status?.gateway === node;
    if (node === undefined || !isKnown) wakeWholeHandover(world, entry.index);
    else if (tunnelClass && departureFrom(world, node, tunnelClass)) wakeTunnelHandover(world, entry.index);
    else if (node !== changed) continue;
    controllers.tunnels.enqueue(entry.owner);
  }
}

function onRouter(world: World, change: Change<Router>): void {
  const { caches, controllers, ledger } = world;
  const isSpec = specChanged(change);
  // What a status tells for the first time may be handed over now.
  const [now, before] = [change.object.status, change.old?.status];
  if (isSpec || now?.address !== before?.address || now?.publicKey !== before?.publicKey)
    for (const claim of ledger.claimsOf(change.key)) wakeBlockHandover(world, claim.tunnel, claim.block);
  if (!isSpec) return;
  wakeUnnamed(world, change);
  const { tenant } = change.object.spec;
  if (change.type !== 'deleted' || tenant === undefined) return;
  // A tunnel without TenantTunnel waits only as long as there are Routers that may bring it back.
  const owner = ledger.tunnelOfTenant(tenant)?.owner;
  if (owner === undefined) return;
  const holder = caches.tunnels.get(owner);
  if (holder === undefined || tenantOf(holder) !== tenant) controllers.tunnels.enqueue(owner);
}

function onTunnel(world: World, change: Change<TenantTunnel>): void {
  const { controllers, ledger } = world;
  // A label says whose it is.
  const isAnothers = change.type === 'updated' && isAsMade(change.object) !== isAsMade(change.old);
  if (!specChanged(change) && !isAnothers) {
    if (isNewlyRefused(change) || waitsForOther(world, change)) wakeRoutersOf(world, change.object, BULK);
    return;
  }
  // Its first routers wait for a new tunnel; a change of one that has thousands must not hold up others.
  wakeRoutersOf(world, change.object, change.type === 'added' && !change.initial ? undefined : BULK);
  const tenant = tenantOf(change.object);
  wakeTunnelsOf(world, tenant);
  const entry = ledger.tunnelOfTenant(tenant);
  if (entry === undefined) return;
  reseatRoutersOf(world, change.object);
  controllers.tunnels.enqueue(entry.owner);
  wakeWholeHandover(world, entry.index, BULK);
}

/** Wakes all that the ledger knows, once, when this process begins to lead: what it missed shows then. */
export function wakeAll(world: World): void {
  const { caches, controllers, ledger } = world;
  for (const owner of ledger.liveOwners()) controllers.routers.enqueue(owner, BULK);
  for (const { owner, index } of ledger.tunnels.values()) {
    controllers.tunnels.enqueue(owner, BULK);
    controllers.secrets.enqueue(String(index), BULK);
    wakeWholeHandover(world, index, BULK);
  }
  for (const object of [...caches.configMaps.list(), ...caches.secrets.list()]) {
    controllers.handover.enqueue(handoverKeyOf(object), BULK);
  }
  controllers.endpoints.enqueue(LEFT, BULK);
  wakeEndpoints(world);
  controllers.quarantine.enqueue(QUARANTINE);
  controllers.peerKey.enqueue(PEER_KEY_QUEUE);
  controllers.backups.enqueue(BACKUPS, BULK);
}

/** Only now do its routers find out why they wait. */
function isNewlyRefused({ object, old }: Change<TenantTunnel>): boolean {
  const now = findCondition(object.status?.conditions, 'Allocated');
  const before = findCondition(old?.status?.conditions, 'Allocated');
  return now?.status === 'False' && (before?.status !== 'False' || before.message !== now.message);
}

/** What their scripts name is the load balancer's, and it has come, or become another; or why it has not. */
function waitsForOther({ caches, ledger }: World, { object, old }: Change<TenantTunnel>): boolean {
  const entry = ledger.tunnelOfTenant(tenantOf(object));
  const tunnelClass = entry && caches.classes.get(entry.className);
  if (entry === undefined || tunnelClass === undefined || namedHost(tunnelClass, entry) !== undefined)
    return false;
  const said = (tunnel: TenantTunnel | undefined) =>
    tunnel?.status?.endpoint ?? findCondition(tunnel?.status?.conditions, 'EndpointReady')?.message;
  return said(object) !== said(old);
}

function specChanged<T extends KubeObject>(change: Change<T>): boolean {
  if (change.type !== 'updated') return true;
  const { object, old } = change;
  return (
    object.metadata.generation !== old.metadata.generation ||
    object.metadata.uid !== old.metadata.uid ||
    object.metadata.deletionTimestamp !== old.metadata.deletionTimestamp
  );
}

/** Routers that want the key or the address that this one had or has. */
function rivalsIn(world: World, change: Change<Router>): string[] {
  if (change.type === 'added' || !specChanged(change)) return [];
  return [change.object, ...(change.old === undefined ? [] : [change.old])].flatMap((router) =>
    rivalsOf(world, router),
  );
}
