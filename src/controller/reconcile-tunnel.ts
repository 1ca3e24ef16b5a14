import { AllocationError, isLive, parsePools, type TunnelEntry } from '../allocation/index.ts';
import {
  LABEL_GATEWAY,
  TENANT_TUNNELS,
  type TenantTunnel,
  type TunnelClass,
  tunnelObjectName,
} from '../api/index.ts';
import { applyStatusIfChanged, keyOf, type Reconcile, refOf } from '../kube/index.ts';
import { generateKeyPair } from '../wireguard/index.ts';
import { classChange, classOf } from './find-class.ts';
import { older, type Refusal, tenantOf } from './find-tunnel.ts';
import { gatewaysOf } from './gateways.ts';
import { placeTunnel } from './placement.ts';
import { refusalOf } from './refusal.ts';
import { OWNED_TUNNEL_STATUS, planTunnelStatus, type TunnelOutcome } from './tunnel-status.ts';
import { FIELD_MANAGER, type World, wakeRoutersOf, wakeTunnelHandover } from './world.ts';

/** TenantTunnel → its claim in the ledger → its status. */
export const reconcileTunnel =
  (world: World): Reconcile =>
  async (key, context) => {
    const tunnel = world.caches.tunnels.get(key);
    if (tunnel === undefined || tunnel.metadata.deletionTimestamp !== undefined) {
      await letGo(world, key);
      return undefined;
    }
    const outcome = await decide(world, tunnel);
    const desired = planTunnelStatus(tunnel, outcome, world.now().getTime());
    const written = await applyStatusIfChanged(world.client, TENANT_TUNNELS, tunnel, desired, {
      fieldManager: FIELD_MANAGER,
      owned: OWNED_TUNNEL_STATUS,
      signal: context.signal,
    });
    if (written !== undefined) {
      context.wrote(world.caches.tunnels, written);
      announce(world, tunnel, outcome);
      if ('refused' in outcome) wakeRoutersOf(world, tunnel);
    }
    return undefined;
  };

async function decide(world: World, tunnel: TenantTunnel): Promise<TunnelOutcome> {
  const tenant = tenantOf(tunnel);
  const unreadable = world.ledger.unreadable(tenant);
  if (unreadable !== undefined) return { refused: { reason: 'LedgerUnreadable', message: unreadable } };
  const known = world.ledger.tunnelOfTenant(tenant);
  const classes = world.caches.classes.list();
  const looked = classOf(tunnel, known, classes);
  if ('refused' in looked) {
    const holds = known !== undefined && isLive(known) && known.owner === keyOf(tunnel);
    if (!holds) return { refused: looked.refused };
    return {
      granted: { entry: known, placement: currentPlacement(world, known), objection: looked.refused },
    };
  }
  const tunnelClass = looked.found;
  try {
    const { entry, objection } = await claim(world, tunnel, tunnelClass);
    const current = currentNode(world, entry);
    const placement = placeTunnel(current, tunnelClass, current === undefined ? gatewaysOf(world) : []);
    const changed = objection ?? classChange(tunnel, entry);
    return {
      granted: { entry, tunnelClass, placement, ...(changed === undefined ? {} : { objection: changed }) },
    };
  } catch (error) {
    const refused = refusalOf(error, 'TenantTunnel');
    if (refused === undefined) throw error;
    return { refused };
  }
}

async function claim(
  world: World,
  tunnel: TenantTunnel,
  { metadata, spec }: TunnelClass,
): Promise<{ entry: TunnelEntry; objection?: Refusal }> {
  const tenant = tenantOf(tunnel);
  const before = world.ledger.tunnelOfTenant(tenant);
  if (before === undefined || !isLive(before)) assertOldest(world, tunnel);
  const { subnet, listenPort } = tunnel.spec;
  try {
    const entry = await world.ledger.claimTunnel({
      tenant,
      owner: keyOf(tunnel),
      className: metadata.name,
      pools: parsePools(spec.pools, spec.exclude),
      ports: spec.ports,
      pins: {
        ...(subnet === undefined ? {} : { subnet }),
        ...(listenPort === undefined ? {} : { listenPort }),
      },
      keyPair: generateKeyPair(),
      ownerExists: (owner) => {
        const holder = world.caches.tunnels.get(owner);
        return (
          holder !== undefined &&
          tenantOf(holder) === tenant &&
          holder.metadata.deletionTimestamp === undefined
        );
      },
    });
    if (entry !== before) {
      wakeTunnelHandover(world, entry.index);
      wakeRoutersOf(world, tunnel);
      world.controllers.classes.enqueue(entry.className);
    }
    return { entry };
  } catch (error) {
    const refusal = refusalOf(error, 'TenantTunnel');
    const holds = before !== undefined && isLive(before) && before.owner === keyOf(tunnel);
    if (refusal?.reason === 'PinChanged' && holds) return { entry: before, objection: refusal };
    throw error;
  }
}

/** Of TenantTunnels of one tenant the oldest is in the right, whichever is reconciled first. */
function assertOldest(world: World, tunnel: TenantTunnel): void {
  const [oldest] = world.caches.tunnels
    .byIndex('tenant', tenantOf(tunnel))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .sort(older);
  if (oldest === undefined || keyOf(oldest) === keyOf(tunnel)) return;
  throw new AllocationError(
    'TenantTaken',
    `Tenant ${tenantOf(tunnel)} belongs to the older TenantTunnel ${keyOf(oldest)}; delete that one, or give this one another tenant.`,
  );
}

/** Where the handed-over tunnel lies: the node's label on its ConfigMap is what says so. */
export function currentNode({ caches, gatewayNamespace }: World, { index }: TunnelEntry): string | undefined {
  const object = caches.configMaps.get(`${gatewayNamespace}/${tunnelObjectName(index)}`);
  return object?.metadata.labels?.[LABEL_GATEWAY];
}

function currentPlacement(world: World, entry: TunnelEntry): { node: string } | { refused: Refusal } {
  const node = currentNode(world, entry);
  return node === undefined
    ? {
        refused: {
          reason: 'NoGateway',
          message: 'No node carries this tunnel, and without its class none is chosen.',
        },
      }
    : { node };
}

/** The TenantTunnel is gone: its tenant's numbers go to an heir, wait for one that is being made, or into quarantine. */
async function letGo(world: World, key: string): Promise<void> {
  for (const entry of world.ledger.tunnelsOwnedBy(key).filter(isLive)) {
    const heirs = world.caches.tunnels.byIndex('tenant', entry.tenant).sort(older);
    const heir = heirs.find((tunnel) => keyOf(tunnel) !== key);
    if (heir !== undefined) {
      world.controllers.tunnels.enqueue(keyOf(heir));
      continue;
    }
    const orphans = world.caches.routers
      .byIndex('tenant', entry.tenant)
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (orphans.length > 0) {
      // They ask for the tenant's tunnel, which makes it anew, and it finds its numbers in the ledger.
      for (const router of orphans) world.controllers.routers.enqueue(keyOf(router));
      continue;
    }
    await world.ledger.releaseTunnel(entry.index);
    world.logger.info(
      { tunnel: key, index: entry.index },
      'released a tunnel; its numbers are in quarantine',
    );
    wakeTunnelHandover(world, entry.index);
    world.controllers.classes.enqueue(entry.className);
  }
}

function announce(world: World, tunnel: TenantTunnel, outcome: TunnelOutcome): void {
  const allocated = tunnel.status?.conditions?.find(({ type }) => type === 'Allocated');
  if ('granted' in outcome && allocated?.status !== 'True') {
    const { index, subnet, listenPort } = outcome.granted.entry;
    world.events.record({
      regarding: refOf(tunnel),
      type: 'Normal',
      reason: 'TunnelAllocated',
      action: 'Allocate',
      note: `Interface wg${index}, subnet ${subnet}, port ${listenPort}.`,
    });
  }
  if ('refused' in outcome && allocated?.reason !== outcome.refused.reason) {
    const { reason, message } = outcome.refused;
    world.events.record({
      regarding: refOf(tunnel),
      type: 'Warning',
      reason: reason === 'PoolExhausted' ? reason : 'AllocationFailed',
      action: 'Allocate',
      note: message,
    });
  }
}
