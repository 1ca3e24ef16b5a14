import { choosePort } from './choose-port.ts';
import { chooseSubnet } from './choose-subnet.ts';
import { AllocationError } from './errors.ts';
import { formatNetwork } from './ipv4.ts';
import type { Pools } from './pools.ts';
import { isLive, type TunnelEntry, type Tunnels, tunnelOfTenant } from './tunnel-entry.ts';

export interface TunnelRequest {
  tenant: string;
  owner: string;
  className: string;
  /** Asked only for a tunnel that has no subnet yet. */
  pools: () => Pools;
  ports: { first: number; last: number };
  pins: { subnet?: string; listenPort?: number };
  /** Whether it may have the subnet that another tunnel has; absent: a subnet of its own. */
  mayShareWith?: (other: TunnelEntry) => boolean;
  newKeyPair: () => { privateKey: string; publicKey: string };
  /** Whether a TenantTunnel still exists that the tenant's entry names as its owner. */
  ownerExists: (owner: string) => boolean;
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
): { tunnels: Tunnels; entry: TunnelEntry } {
  const known = tunnelOfTenant(tunnels, request.tenant);
  if (known === undefined) return insert(tunnels, newEntry(tunnels, request));
  if (isLive(known) && known.owner !== request.owner && request.ownerExists(known.owner)) {
    throw new AllocationError(
      'TenantTaken',
      `Tenant ${request.tenant} already has the tunnel ${known.owner}; delete that one, or give this one another tenant.`,
    );
  }
  assertPinsHold(known, request);
  if (isLive(known) && known.owner === request.owner) return { tunnels, entry: known };
  const { releasedAt: _, ...kept } = known;
  return insert(tunnels, { ...kept, owner: request.owner });
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

function newEntry(tunnels: Tunnels, request: TunnelRequest): TunnelEntry {
  const taken = [...tunnels.values()];
  const index = lowestFree((i) => !tunnels.has(i) && !request.isIndexBlocked(i));
  const subnet = chooseSubnet(taken, request, index);
  const listenPort = choosePort(taken, request, index);
  const { tenant, owner, className } = request;
  return {
    index,
    tenant,
    owner,
    className,
    subnet: formatNetwork(subnet),
    listenPort,
    ...request.newKeyPair(),
  };
}

function lowestFree(isFree: (n: number) => boolean): number {
  let n = 0;
  while (!isFree(n)) n++;
  return n;
}

function insert(tunnels: Tunnels, entry: TunnelEntry): { tunnels: Tunnels; entry: TunnelEntry } {
  return { tunnels: new Map(tunnels).set(entry.index, entry), entry };
}
