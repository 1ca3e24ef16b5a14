import { isLive } from '../allocation/index.ts';
import { LABEL_GATEWAY, LABEL_PART, LABEL_TUNNEL, type Router } from '../api/index.ts';
import { type Change, type Controller, type KubeObject, keyOf } from '../kube/index.ts';
import { storedFrom } from './ledger-store.ts';
import { currentNode } from './reconcile-tunnel.ts';
import { BULK, type World, wakeBlockHandover, wakeRoutersOf, wakeTunnelHandover } from './world.ts';

export interface Controllers {
  routers: Controller;
  tunnels: Controller;
  handover: Controller;
  classes: Controller;
  ledger: Controller;
}

/** Which change wakes whom. Everything is decided from the caches and the ledger; a change only says where to look. */
export function wire(world: World, { routers, tunnels, handover, classes, ledger }: Controllers): void {
  const { caches } = world;

  routers.watches(caches.routers, (change) => [change.key, ...rivalsOf(world, change)]);
  caches.routers.onChange((change) => {
    if (change.type !== 'deleted' && !specChanged(change)) return;
    for (const claim of world.ledger.claimsOf(change.key))
      wakeBlockHandover(world, claim.tunnel, claim.block);
  });

  tunnels.watches(caches.tunnels);
  caches.tunnels.onChange((change) => {
    if (!specChanged(change) && change.type !== 'deleted') return;
    wakeRoutersOf(world, change.object, change.type === 'added' && change.initial ? BULK : undefined);
    const tenant = change.object.spec.tenant ?? change.object.metadata.name;
    for (const rival of caches.tunnels.byIndex('tenant', tenant)) tunnels.enqueue(keyOf(rival));
    const entry = world.ledger.tunnelOfTenant(tenant);
    if (entry === undefined) return;
    wakeTunnelHandover(world, entry.index);
    for (const block of world.ledger.liveBlocks(entry.index)) wakeBlockHandover(world, entry.index, block);
  });

  classes.watches(caches.classes);
  caches.classes.onChange((change) => {
    if (!specChanged(change) && change.type !== 'deleted') return;
    for (const tunnel of caches.tunnels.list()) {
      tunnels.enqueue(keyOf(tunnel), BULK);
      wakeRoutersOf(world, tunnel, BULK);
    }
    for (const entry of world.ledger.tunnels.values()) wakeTunnelHandover(world, entry.index);
  });

  for (const cache of [caches.configMaps, caches.secrets]) {
    cache.onChange(({ object }) => {
      const { name, labels = {} } = object.metadata;
      const block = /-(?:peers|access)-(\d{1,5})$/.exec(name)?.[1];
      handover.enqueue(block === undefined ? indexOf(labels) : `${indexOf(labels)}/${block}`, BULK);
    });
  }
  caches.configMaps.onChange(({ object, old }) => {
    const { labels = {} } = object.metadata;
    if (labels[LABEL_PART] !== 'tunnel') return;
    const index = Number(indexOf(labels));
    const owner = world.ledger.tunnels.get(index)?.owner;
    if (owner !== undefined) tunnels.enqueue(owner);
    if (labels[LABEL_GATEWAY] === old?.metadata.labels?.[LABEL_GATEWAY]) return;
    for (const one of world.ledger.liveBlocks(index)) wakeBlockHandover(world, index, one);
  });

  const wakeUnplaced = (): void => {
    for (const entry of world.ledger.tunnels.values()) {
      if (!isLive(entry) || currentNode(world, entry) !== undefined) continue;
      wakeTunnelHandover(world, entry.index);
      tunnels.enqueue(entry.owner);
    }
  };
  caches.heartbeats.onChange(wakeUnplaced);
  caches.nodes.onChange(wakeUnplaced);

  caches.ledger.onChange(({ type, key, object }) => {
    const { name, resourceVersion } = object.metadata;
    const isNews =
      type === 'deleted'
        ? world.ledger.observeDeleted(name, resourceVersion)
        : world.ledger.observe(storedFrom(object));
    if (isNews) ledger.enqueue(key);
  });
}

/** Wakes all that the ledger knows, once, when this process begins to lead: what it missed shows then. */
export function wakeAll(world: World, { routers, tunnels, handover }: Controllers): void {
  for (const owner of world.ledger.liveOwners()) routers.enqueue(owner, BULK);
  for (const entry of world.ledger.tunnels.values()) {
    tunnels.enqueue(entry.owner, BULK);
    handover.enqueue(String(entry.index), BULK);
    for (const block of world.ledger.liveBlocks(entry.index))
      handover.enqueue(`${entry.index}/${block}`, BULK);
  }
  for (const { metadata } of world.caches.configMaps.list()) {
    const index = metadata.labels?.[LABEL_TUNNEL];
    if (index !== undefined) handover.enqueue(index, BULK);
  }
}

const indexOf = (labels: Record<string, string>): string => labels[LABEL_TUNNEL] ?? '';

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
function rivalsOf({ caches }: World, change: Change<Router>): string[] {
  if (change.type === 'added' || !specChanged(change)) return [];
  return [change.object, ...(change.old === undefined ? [] : [change.old])].flatMap(({ spec, status }) =>
    [
      ...[spec.publicKey, status?.publicKey].map((key) => ['publicKey', key] as const),
      ...[spec.address, status?.address].map((address) => ['address', address] as const),
    ].flatMap(([index, value]) =>
      value === undefined ? [] : caches.routers.byIndex(index, value).map(keyOf),
    ),
  );
}
