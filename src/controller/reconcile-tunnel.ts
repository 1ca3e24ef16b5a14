import { AllocationError, isLive, parsePools, type TunnelEntry } from '../allocation/index.ts';
import { TENANT_TUNNELS, type TenantTunnel, type TunnelClass } from '../api/index.ts';
import {
  applyStatusIfChanged,
  isApiError,
  keyOf,
  nameOf,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
} from '../kube/index.ts';
import { addressUseOf, tendWaiting } from './address-pressure.ts';
import { pool6Of, sharersOf } from './class-capacity.ts';
import { isYetToHandOver, isYetToTakeBack } from './endpoint/hand-over.ts';
import { endpointOf } from './endpoint/state.ts';
import { classChange, classDrift, classOf, withoutSubnet6 } from './find-class.ts';
import { isAsMade, older, type Refusal, tenantOf } from './find-tunnel.ts';
import { currentNode, placeTunnel } from './gateways.ts';
import { refusalOf } from './refusal.ts';
import { wakeRefusedPins } from './refused-tunnels.ts';
import { keyLoss, lostTunnels, rememberedTunnel } from './remember-tunnel.ts';
import { removeSuperseded, yieldsTo } from './superseded.ts';
import { tunnelEvents } from './tunnel-events.ts';
import {
  OWNED_TUNNEL_STATUS,
  planTunnelStatus,
  type TunnelGrant,
  type TunnelOutcome,
} from './tunnel-status.ts';
import {
  BULK,
  FIELD_MANAGER,
  LAG_MS,
  QUARANTINE,
  type World,
  wakeClasses,
  wakeRoutersOf,
  wakeTunnelHandover,
  wakeWholeHandover,
} from './world.ts';

/** TenantTunnel → its claim in the ledger → its status. */
export const reconcileTunnel =
  (world: World): Reconcile =>
  async (key, context) => {
    const tunnel = world.caches.tunnels.get(key);
    if (tunnel === undefined || tunnel.metadata.deletionTimestamp !== undefined) {
      return letGo(world, key, context);
    }
    const lagging = await letGo(world, key, context, tenantOf(tunnel));
    if (lagging !== undefined) return lagging;
    const outcome = await decide(world, tunnel, context);
    if ('refused' in outcome && (await removeSuperseded(world, tunnel, context))) return undefined;
    const next = 'granted' in outcome ? tendWaiting(world, outcome.granted.entry) : undefined;
    const desired = planTunnelStatus(tunnel, outcome, world.now().getTime());
    if ('granted' in outcome) {
      const { entry } = outcome.granted;
      const isFirst = isYetToHandOver(world, tunnel, entry, desired.endpoint);
      if (isFirst || isYetToTakeBack(world, tunnel, entry)) wakeTunnelHandover(world, entry.index);
      if (isFirst) return { requeueAfterMs: LAG_MS };
    }
    // While a tunnel lay on no node nothing of it was handed over.
    if ('granted' in outcome && desired.gateway !== tunnel.status?.gateway)
      wakeWholeHandover(world, outcome.granted.entry.index, BULK);
    try {
      const written = await applyStatusIfChanged(world.client, TENANT_TUNNELS, tunnel, desired, {
        fieldManager: FIELD_MANAGER,
        owned: OWNED_TUNNEL_STATUS,
        signal: context.signal,
      });
      if (written === undefined) return next;
      context.wrote(world.caches.tunnels, written);
    } catch (error) {
      // Deleted, or made again under another uid: the cache will tell.
      if (isApiError(error, 'NotFound', 'Conflict')) return undefined;
      throw error;
    }
    for (const event of tunnelEvents(tunnel, outcome, desired)) world.events.record(event);
    return next;
  };

async function decide(world: World, tunnel: TenantTunnel, context: ReconcileContext): Promise<TunnelOutcome> {
  const tenant = tenantOf(tunnel);
  const unreadable = world.ledger.unreadable(tenant);
  if (unreadable !== undefined) return { refused: { reason: 'LedgerUnreadable', message: unreadable } };
  const known = world.ledger.tunnelOfTenant(tenant);
  const held = known !== undefined && isLive(known) && known.owner === keyOf(tunnel) ? known : undefined;
  const looked = classOf(tunnel, known, world.caches.classes.list());
  if ('refused' in looked) {
    if (held === undefined) return looked;
    return {
      granted: {
        entry: held,
        placement: placementWithoutClass(world, held),
        objection: looked.refused,
        ...addressesOf(world, held),
      },
    };
  }
  const tunnelClass = looked.found;
  const granted = (entry: TunnelEntry, objection: Refusal | undefined): TunnelOutcome => {
    const placement = placeTunnel(world, entry, tunnel, tunnelClass);
    const remark =
      classDrift(tunnelClass, entry) ??
      keyLoss(entry) ??
      withoutSubnet6(tunnelClass, entry, world.ledger.tunnels);
    return {
      granted: {
        entry,
        tunnelClass,
        placement,
        endpoint: endpointOf(world, entry, tunnelClass, tunnel),
        ...(objection && { objection }),
        ...(remark && { remark }),
        ...addressesOf(world, entry),
      },
    };
  };
  try {
    const entry = await claim(world, tunnel, tunnelClass, known, context);
    return granted(entry, classChange(tunnel, entry));
  } catch (error) {
    const refusal = refusalOf(error, 'TenantTunnel');
    if (refusal === undefined) throw error;
    // Whatever it asks for now and cannot have: what its routers live by stays.
    return held === undefined ? { refused: refusal } : granted(held, refusal);
  }
}

function addressesOf(world: World, entry: TunnelEntry): Pick<TunnelGrant, 'addresses'> {
  const addresses = addressUseOf(world, entry);
  return addresses === undefined ? {} : { addresses };
}

async function claim(
  world: World,
  tunnel: TenantTunnel,
  tunnelClass: TunnelClass,
  known: TunnelEntry | undefined,
  context: ReconcileContext,
): Promise<TunnelEntry> {
  const tenant = tenantOf(tunnel);
  const owner = keyOf(tunnel);
  if (known === undefined || !isLive(known)) assertOldest(world, tunnel, known);
  const isFree =
    known === undefined || known.owner === owner || !(await keepsTenant(world, known, tunnel, context));
  const { subnet, listenPort } = tunnel.spec;
  const { metadata, spec } = tunnelClass;
  const mayShareWith = sharersOf(tunnelClass, (name) => world.caches.classes.get(name));
  const entry = await world.ledger.claimTunnel({
    tenant,
    owner,
    className: metadata.name,
    pools: () => parsePools(spec.pools, spec.exclude),
    pool6: pool6Of(tunnelClass).pool6,
    ports: spec.ports,
    pins: {
      ...(subnet === undefined ? {} : { subnet }),
      ...(listenPort === undefined ? {} : { listenPort }),
    },
    ...(mayShareWith && { mayShareWith }),
    isWritten: !isAsMade(tunnel),
    ...(known === undefined ? lostBefore(world, tunnel) : {}),
    newKeyPair: world.environment.newKeyPair,
    ownerKeeps: (holder) => !isFree || holder !== known?.owner,
  });
  if (entry !== known) {
    wakeTunnelHandover(world, entry.index);
    wakeRoutersOf(world, tunnel);
    wakeClasses(world);
    wakeRefusedPins(world);
    // Whatever was said to the tenant's other TenantTunnels, now it is that the tenant is taken.
    for (const rival of world.caches.tunnels.byIndex('tenant', tenant))
      if (keyOf(rival) !== owner) world.controllers.tunnels.enqueue(keyOf(rival), BULK);
  }
  return entry;
}

/** What is told of a tunnel that has no record, and of others like it. */
function lostBefore(world: World, tunnel: TenantTunnel) {
  const remembered = rememberedTunnel(tunnel);
  return { reserved: lostTunnels(world, tunnel), ...(remembered && { remembered }) };
}

/** Whether a tunnel's owner is still there, asked past a cache that does not have it, and does not leave it to another. */
async function keepsTenant(
  world: World,
  { owner, tenant }: TunnelEntry,
  other: TenantTunnel,
  context: ReconcileContext,
): Promise<boolean> {
  const holder =
    world.caches.tunnels.get(owner) ??
    (await world.client.get(TENANT_TUNNELS, nameOf(owner), { signal: context.signal }));
  return (
    holder !== undefined &&
    tenantOf(holder) === tenant &&
    holder.metadata.deletionTimestamp === undefined &&
    !yieldsTo(world, holder, other)
  );
}

/**
 * Of TenantTunnels of one tenant the oldest is in the right, whichever is reconciled first; the one that had the tenant
 * before, if it is back: after a restore all of them are new.
 */
function assertOldest(world: World, tunnel: TenantTunnel, known: TunnelEntry | undefined): void {
  const rivals = world.caches.tunnels
    .byIndex('tenant', tenantOf(tunnel))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort(older);
  const oldest = rivals.find((rival) => keyOf(rival) === known?.owner) ?? rivals[0];
  if (oldest === undefined || keyOf(oldest) === keyOf(tunnel)) return;
  throw new AllocationError(
    'TenantTaken',
    // In the ledger's own words: a status must not change when the oldest comes to stand there.
    `Tenant ${tenantOf(tunnel)} already has the tunnel ${keyOf(oldest)}; delete that one, or give this one another tenant.`,
  );
}

function placementWithoutClass(
  world: World,
  { index }: TunnelEntry,
): { node: string } | { refused: Refusal } {
  const node = currentNode(world, index);
  if (node !== undefined) return { node };
  const message = 'No node carries this tunnel, and without its class none is chosen.';
  return { refused: { reason: 'NoGateway', message } };
}

/**
 * A TenantTunnel is gone, or was made again under its name for another `tenant`: the numbers of the one before go to
 * an heir, wait for one that is being made, or into quarantine.
 */
async function letGo(
  world: World,
  key: string,
  { signal }: ReconcileContext,
  tenant?: string,
): Promise<ReconcileResult | undefined> {
  const { caches, controllers, ledger } = world;
  const left = ledger.tunnelsOwnedBy(key).filter((entry) => isLive(entry) && entry.tenant !== tenant);
  if (left.length === 0) return undefined;
  const stored = await world.client.get(TENANT_TUNNELS, nameOf(key), { signal });
  const holder = stored?.metadata.deletionTimestamp === undefined ? stored : undefined;
  if (left.some((entry) => holder !== undefined && tenantOf(holder) === entry.tenant))
    return { requeueAfterMs: LAG_MS };
  for (const entry of left) {
    const heirs = caches.tunnels.byIndex('tenant', entry.tenant).filter((heir) => keyOf(heir) !== key);
    const orphans = caches.routers
      .byIndex('tenant', entry.tenant)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (heirs.length > 0) {
      for (const heir of heirs) controllers.tunnels.enqueue(keyOf(heir));
    } else if (orphans.length > 0) {
      // They ask for the tenant's tunnel, which makes it anew, and it finds its numbers in the ledger.
      for (const router of orphans) controllers.routers.enqueue(keyOf(router));
    } else {
      await ledger.releaseTunnel(entry);
      world.logger.info(
        { tunnel: key, index: entry.index },
        'released a tunnel; its numbers are in quarantine',
      );
      wakeTunnelHandover(world, entry.index);
      wakeClasses(world);
      wakeRefusedPins(world);
      controllers.quarantine.enqueue(QUARANTINE);
    }
  }
  return undefined;
}
