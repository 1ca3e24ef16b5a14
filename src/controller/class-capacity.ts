import {
  AllocationError,
  type ClassUse,
  formatNetwork,
  freeTunnels,
  type Pool6,
  type Pools,
  type PoolUse,
  parsePool6,
  parsePools,
  type TunnelEntry,
  useOfClass,
} from '../allocation/index.ts';
import type { TunnelClass, TunnelClassStatus } from '../api/index.ts';

/** Whether tunnels of a class share one subnet. */
export const sharesSubnets = ({ spec }: TunnelClass): boolean => spec.subnetAssignment === 'Equal';

/**
 * Which other tunnels a new one of this class may have the subnet of: those of classes that share, too. Undefined for
 * a class whose tunnels each have their own.
 */
export function sharersOf(
  tunnelClass: TunnelClass,
  classNamed: (name: string) => TunnelClass | undefined,
): ((other: TunnelEntry) => boolean) | undefined {
  if (!sharesSubnets(tunnelClass)) return undefined;
  return ({ className }) => {
    const other = classNamed(className);
    return other !== undefined && sharesSubnets(other);
  };
}

/** Whether two tunnels may have overlapping subnets: both are of classes that share. */
export function mayShareSubnet(
  a: TunnelEntry,
  b: TunnelEntry,
  classNamed: (name: string) => TunnelClass | undefined,
): boolean {
  const tunnelClass = classNamed(a.className);
  return tunnelClass !== undefined && sharersOf(tunnelClass, classNamed)?.(b) === true;
}

/** A class's pools, or why they cannot be used. */
export function poolsOf({ spec }: TunnelClass): { pools: Pools } | { problem: string } {
  try {
    return { pools: parsePools(spec.pools, spec.exclude) };
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    return { problem: error.message };
  }
}

/** Where a class's tunnels get their /64 from, or why it cannot be used; nothing of both where it names none. */
export function pool6Of({ spec }: TunnelClass): { pool6?: Pool6; problem?: string } {
  if (spec.ipv6 === undefined) return {};
  try {
    return { pool6: parsePool6(spec.ipv6.pool) };
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    return { problem: error.message };
  }
}

export function useOf(
  tunnelClass: TunnelClass,
  pools: Pools,
  tunnels: Iterable<TunnelEntry>,
  classNamed: (name: string) => TunnelClass | undefined,
): ClassUse {
  const mayShareWith = sharersOf(tunnelClass, classNamed);
  const { ports } = tunnelClass.spec;
  const limits = { name: tunnelClass.metadata.name, pools, ports, ...(mayShareWith && { mayShareWith }) };
  return useOfClass(limits, tunnels);
}

/** What of the status tells of capacity. */
export function capacityStatus(
  tunnelClass: TunnelClass,
  use: ClassUse,
): Pick<TunnelClassStatus, 'free' | 'pools' | 'ports' | 'outside'> {
  const { range, ...ports } = use.ports;
  return {
    free: freeTunnels(use, sharesSubnets(tunnelClass)),
    pools: use.pools.map(rowOf),
    ports: { ...ports, ...range },
    ...(use.outside > 0 && { outside: use.outside }),
  };
}

const rowOf = ({ pool, range, ...counts }: PoolUse) => ({
  cidr: formatNetwork(pool.network),
  prefixLength: pool.prefixLength,
  ...counts,
  ...(range && { first: formatNetwork(range.first), last: formatNetwork(range.last) }),
});
