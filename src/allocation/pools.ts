import { AllocationError } from './errors.ts';
import { countOf, firstGap, type Interval } from './intervals.ts';
import { contains, formatNetwork, type Network, overlaps, parseNetwork, sizeOf } from './ipv4.ts';

/** A network that is cut into subnets of one length, numbered from 0. */
export interface Pool {
  readonly network: Network;
  readonly prefixLength: number;
}

/** A TunnelClass's pools in the order they are named, parsed. */
export interface Pools {
  readonly pools: readonly Pool[];
  readonly exclude: readonly Network[];
}

export function parsePools(
  pools: readonly { cidr: string; prefixLength: number }[],
  exclude: readonly string[] = [],
): Pools {
  const parsed = pools.map(({ cidr, prefixLength }) => {
    const network = parseNetwork(cidr);
    if (prefixLength < network.length) {
      throw new AllocationError(
        'InvalidPool',
        `Pool ${cidr} holds no /${prefixLength}; set prefixLength to ${network.length} or more.`,
      );
    }
    return { network, prefixLength };
  });
  for (const [i, a] of parsed.entries()) {
    for (const b of parsed.slice(i + 1)) {
      if (overlaps(a.network, b.network)) {
        const [one, other] = [formatNetwork(a.network), formatNetwork(b.network)];
        throw new AllocationError('InvalidPool', `Pools ${one} and ${other} overlap; take one of them out.`);
      }
    }
  }
  return { pools: parsed, exclude: exclude.map(parseNetwork) };
}

/** How many subnets a pool is cut into, excluded ones too. */
export const subnetsIn = ({ network, prefixLength }: Pool): number => 2 ** (prefixLength - network.length);

export const nthSubnet = ({ network, prefixLength }: Pool, n: number): Network => ({
  base: network.base + n * sizeOf(prefixLength),
  length: prefixLength,
});

/** Numbers of the pool's subnets that a network overlaps. */
export function numbersIn(pool: Pool, other: Network): Interval {
  const size = sizeOf(pool.prefixLength);
  const start = other.base - pool.network.base;
  return {
    from: Math.max(0, Math.floor(start / size)),
    to: Math.min(subnetsIn(pool), Math.ceil((start + sizeOf(other.length)) / size)),
  };
}

/** How many subnets the pools hold, exclusions not subtracted. */
export const subnetCount = ({ pools }: Pools): number =>
  pools.reduce((sum, pool) => sum + subnetsIn(pool), 0);

/** Subnet number `n`, counted through the pools in their order: 0 is the first subnet of the first pool. */
export function subnetAt({ pools }: Pools, n: number): Network | undefined {
  let rest = n;
  for (const pool of pools) {
    if (rest < subnetsIn(pool)) return nthSubnet(pool, rest);
    rest -= subnetsIn(pool);
  }
  return undefined;
}

/** The first subnet, in the order of the pools, that is neither excluded nor overlaps any of these networks. */
export function firstFreeSubnet({ pools, exclude }: Pools, taken: readonly Network[]): Network | undefined {
  for (const pool of pools) {
    const inTheWay = [...exclude, ...taken].map((network) => numbersIn(pool, network));
    const n = firstGap(inTheWay, subnetsIn(pool));
    if (n !== undefined) return nthSubnet(pool, n);
  }
  return undefined;
}

/** Whether any subnet that these pools may give, excluded ones apart, overlaps a network. */
export const reaches = ({ pools, exclude }: Pools, network: Network): boolean =>
  pools.some((pool) => {
    const numbers = numbersIn(pool, network);
    const excluded = exclude.map((one) => numbersIn(pool, one));
    // What the exclusions leave of the numbers that overlap it.
    return countOf([...excluded, numbers]) > countOf(excluded);
  });

/** Whether a subnet is one that this pool could have given. */
export const isSubnetIn = ({ network, prefixLength }: Pool, subnet: Network): boolean =>
  prefixLength === subnet.length && contains(network, subnet);

/** Whether a subnet that someone pinned is one that these pools could have given. */
export const isSubnetOf = ({ pools }: Pools, subnet: Network): boolean =>
  pools.some((pool) => isSubnetIn(pool, subnet));

export const isExcluded = ({ exclude }: Pools, subnet: Network): boolean =>
  exclude.some((network) => overlaps(network, subnet));
