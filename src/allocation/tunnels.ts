import { withSubnet6 } from './dual-stack.ts';
import { AllocationError } from './errors.ts';
import { newTunnel } from './new-tunnel.ts';
import type { Pool6 } from './pool6.ts';
import type { Pools } from './pools.ts';
import {
  isLive,
  type RememberedTunnel,
  type TunnelEntry,
  type Tunnels,
  tunnelOfTenant,
} from './tunnel-entry.ts';

export interface TunnelRequest {
  tenant: string;
  owner: string;
  className: string;
  /** Asked only for a tunnel that has no subnet yet. */
  pools: () => Pools;
  /** Where its /64 comes from; absent: it gets none, and keeps one that it has. */
  pool6?: Pool6 | undefined;
  ports: { first: number; last: number };
  pins: { subnet?: string; listenPort?: number };
  /** Whether it may have the subnet that another tunnel has; absent: a subnet of its own. */
  mayShareWith?: (other: TunnelEntry) => boolean;
  newKeyPair: () => { privateKey: string; publicKey: string };
  /** Somebody wrote the TenantTunnel; else it is as this program makes them. */
  isWritten?: boolean;
  /** What it was given once: it gets that again, where it can, with another key. */
  remembered?: RememberedTunnel;
  /** The same of other TenantTunnels, which are yet to claim it. */
  reserved?: readonly RememberedTunnel[];
  /** Whether the TenantTunnel that the tenant's entry names as its owner is still there, and does not leave the tenant to this one. */
  ownerKeeps: (owner: string) => boolean;
  /** Indices that another tenant must not inherit: address blocks of theirs still stand, or their record cannot be read. */
  isIndexBlocked: (index: number) => boolean;
  /** Indices of records that cannot be read: which subnet and port they have is not known, so theirs by number stay free. */
  unreadableIndices: readonly number[];
}

/**
 * Gives a tenant its tunnel: the one the ledger already has for it, whoever owned it before and whether released or
 * not, else the lowest free index with the port and subnet that belong to it. Throws {@link AllocationError}.
 */
export function claimTunnel(
  tunnels: Tunnels,
  request: TunnelRequest,
  now: Date,
): { tunnels: Tunnels; entry: TunnelEntry } {
  const known = tunnelOfTenant(tunnels, request.tenant);
  if (known === undefined) return insert(tunnels, newTunnel(tunnels, request, now));
  if (isLive(known) && known.owner !== request.owner && request.ownerKeeps(known.owner)) {
    throw new AllocationError(
      'TenantTaken',
      `Tenant ${request.tenant} already has the tunnel ${known.owner}; delete that one, or give this one another tenant.`,
    );
  }
  assertPinsHold(known, request);
  const isWritten = request.isWritten === true;
  const whole = withSubnet6(tunnels.values(), known, request, now);
  const isAsKnown =
    known.owner === request.owner && (known.isWritten === true) === isWritten && whole === known;
  if (isLive(known) && isAsKnown) return { tunnels, entry: known };
  const { releasedAt: _, isWritten: __, ...kept } = whole;
  return insert(tunnels, { ...kept, owner: request.owner, ...(isWritten && { isWritten }) });
}

/** Nothing happens when another TenantTunnel has taken the tunnel over meanwhile. */
export function releaseTunnel(
  tunnels: Tunnels,
  { index, owner }: Pick<TunnelEntry, 'index' | 'owner'>,
  now: Date,
): Tunnels {
  const entry = tunnels.get(index);
  if (entry === undefined || !isLive(entry) || entry.owner !== owner) return tunnels;
  return insert(tunnels, { ...entry, releasedAt: now.toISOString() }).tunnels;
}

/** Nothing happens when the tenant has come back meanwhile. */
export function forgetTunnel(tunnels: Tunnels, index: number): Tunnels {
  const entry = tunnels.get(index);
  if (entry === undefined || isLive(entry)) return tunnels;
  const rest = new Map(tunnels);
  rest.delete(index);
  return rest;
}

function assertPinsHold(known: TunnelEntry, { pins }: TunnelRequest): void {
  const differs = [
    pins.subnet !== undefined && pins.subnet !== known.subnet ? `subnet ${known.subnet}` : undefined,
    pins.listenPort !== undefined && pins.listenPort !== known.listenPort
      ? `port ${known.listenPort}`
      : undefined,
  ].filter((text) => text !== undefined);
  if (differs.length > 0) {
    throw new AllocationError(
      'PinChanged',
      `Tenant ${known.tenant} was given ${differs.join(' and ')}, which its routers in the field live by; pin that, or take the pin out.`,
    );
  }
}

function insert(tunnels: Tunnels, entry: TunnelEntry): { tunnels: Tunnels; entry: TunnelEntry } {
  return { tunnels: new Map(tunnels).set(entry.index, entry), entry };
}
