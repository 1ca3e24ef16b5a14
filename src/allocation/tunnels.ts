import { AllocationError } from './errors.ts';
import { formatNetwork, type Network, overlaps, parseNetwork } from './ipv4.ts';
import { isExcluded, isSubnetOf, type Pools, subnetAt, subnetCount } from './pools.ts';

/** One tunnel as the ledger has it: what its routers in the field live by. */
export interface TunnelEntry {
  readonly index: number;
  readonly tenant: string;
  /** `namespace/name` of the TenantTunnel; a restored one has another uid but the same name. */
  readonly owner: string;
  readonly className: string;
  /** e.g. `10.100.0.0/16`. */
  readonly subnet: string;
  readonly listenPort: number;
  readonly privateKey: string;
  readonly publicKey: string;
  /** ISO time of release; the numbers stay taken until the quarantine is over. */
  readonly releasedAt?: string;
}

/** All tunnels of the cluster by index, live and in quarantine. One object, so that one write decides each claim. */
export type Tunnels = ReadonlyMap<number, TunnelEntry>;

export interface TunnelRequest {
  tenant: string;
  owner: string;
  className: string;
  /** Asked only for a tunnel that has no subnet yet. */
  pools: () => Pools;
  ports: { first: number; last: number };
  pins: { subnet?: string; listenPort?: number };
  newKeyPair: () => { privateKey: string; publicKey: string };
  /** Whether a TenantTunnel still exists that the tenant's entry names as its owner. */
  ownerExists: (owner: string) => boolean;
  /** Indices that another tenant must not inherit: address blocks of theirs still stand, or their record cannot be read. */
  isIndexBlocked: (index: number) => boolean;
  /** Indices of records that cannot be read: which subnet and port they have is not known, so theirs by number stay free. */
  unreadableIndices: readonly number[];
}

export const interfaceNameOf = (index: number): string => `wg${index}`;

export const isLive = (entry: { releasedAt?: string }): boolean => entry.releasedAt === undefined;

const networks = new WeakMap<TunnelEntry, Network>();

/** The subnet, parsed once. */
export function networkOf(entry: TunnelEntry): Network {
  const known = networks.get(entry) ?? parseNetwork(entry.subnet);
  networks.set(entry, known);
  return known;
}

const byTenant = new WeakMap<Tunnels, Map<string, TunnelEntry>>();

/** Asked several times for each router, so it must not walk through a thousand tunnels. */
export function tunnelOfTenant(tunnels: Tunnels, tenant: string): TunnelEntry | undefined {
  let index = byTenant.get(tunnels);
  if (index === undefined) {
    // Of two records, which only hands can have made, the lower number counts.
    const descending = [...tunnels.values()].sort((a, b) => b.index - a.index);
    index = new Map(descending.map((entry) => [entry.tenant, entry]));
    byTenant.set(tunnels, index);
  }
  return index.get(tenant);
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

function chooseSubnet(
  taken: readonly TunnelEntry[],
  { pools: poolsOfClass, pins, className, unreadableIndices }: TunnelRequest,
  index: number,
): Network {
  const pools = poolsOfClass();
  const inTheWay = (subnet: Network) => taken.find((entry) => overlaps(networkOf(entry), subnet));
  if (pins.subnet !== undefined) {
    const subnet = parseNetwork(pins.subnet);
    if (!isSubnetOf(pools, subnet) || isExcluded(pools, subnet)) {
      throw new AllocationError(
        'SubnetOutsidePool',
        `Subnet ${pins.subnet} is none of the subnets of class ${className}; pin one of its pools' subnets, or add a pool to the class.`,
      );
    }
    const other = inTheWay(subnet);
    if (other !== undefined) {
      const state = isLive(other) ? 'belongs to' : 'is in quarantine after';
      throw new AllocationError(
        'SubnetTaken',
        `Subnet ${pins.subnet} ${state} tunnel ${other.owner} (${other.subnet}); pin another one.`,
      );
    }
    return subnet;
  }
  const count = subnetCount(pools);
  const free = (n: number): Network | undefined => {
    const subnet = unreadableIndices.includes(n) ? undefined : subnetAt(pools, n);
    return subnet && !isExcluded(pools, subnet) && inTheWay(subnet) === undefined ? subnet : undefined;
  };
  const own = free(index);
  if (own !== undefined) return own;
  for (let n = 0; n < count; n++) {
    const subnet = free(n);
    if (subnet !== undefined) return subnet;
  }
  throw new AllocationError(
    'PoolExhausted',
    `All ${count} subnets of class ${className} are taken or excluded; add a pool to the class, or delete tunnels that are no longer needed.`,
  );
}

function choosePort(
  taken: readonly TunnelEntry[],
  { ports, pins, className, unreadableIndices }: TunnelRequest,
  index: number,
): number {
  const holders = new Map(taken.map((entry) => [entry.listenPort, entry]));
  const { first, last } = ports;
  if (pins.listenPort !== undefined) {
    if (pins.listenPort < first || pins.listenPort > last) {
      throw new AllocationError(
        'PortOutsideRange',
        `Port ${pins.listenPort} is outside of class ${className}'s range ${first}–${last}; pin one inside, or widen the range.`,
      );
    }
    const other = holders.get(pins.listenPort);
    if (other !== undefined) {
      const state = isLive(other) ? 'belongs to' : 'is in quarantine after';
      throw new AllocationError(
        'PortTaken',
        `Port ${pins.listenPort} ${state} tunnel ${other.owner}; pin another one.`,
      );
    }
    return pins.listenPort;
  }
  const isFree = (port: number): boolean => !holders.has(port) && !unreadableIndices.includes(port - first);
  if (first + index <= last && isFree(first + index)) return first + index;
  for (let port = first; port <= last; port++) if (isFree(port)) return port;
  throw new AllocationError(
    'PortsExhausted',
    `All ports ${first}–${last} of class ${className} are taken; widen ports.last in the class.`,
  );
}

function lowestFree(isFree: (n: number) => boolean): number {
  let n = 0;
  while (!isFree(n)) n++;
  return n;
}

function insert(tunnels: Tunnels, entry: TunnelEntry): { tunnels: Tunnels; entry: TunnelEntry } {
  return { tunnels: new Map(tunnels).set(entry.index, entry), entry };
}
