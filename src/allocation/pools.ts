import { AllocationError } from './errors.ts';
import { contains, formatNetwork, type Network, overlaps, parseNetwork, sizeOf } from './ipv4.ts';

/** A TunnelClass's pools in the order they are named, parsed. */
export interface Pools {
  readonly pools: readonly { readonly network: Network; readonly prefixLength: number }[];
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

/** How many subnets the pools hold, exclusions not subtracted. */
export function subnetCount({ pools }: Pools): number {
  return pools.reduce((sum, { network, prefixLength }) => sum + 2 ** (prefixLength - network.length), 0);
}

/** Subnet number `n`, counted through the pools in their order: 0 is the first subnet of the first pool. */
export function subnetAt({ pools }: Pools, n: number): Network | undefined {
  let rest = n;
  for (const { network, prefixLength } of pools) {
    const count = 2 ** (prefixLength - network.length);
    if (rest < count) return { base: network.base + rest * sizeOf(prefixLength), length: prefixLength };
    rest -= count;
  }
  return undefined;
}

/** Whether a subnet that someone pinned is one that these pools could have given. */
export function isSubnetOf({ pools }: Pools, subnet: Network): boolean {
  return pools.some(
    ({ network, prefixLength }) => prefixLength === subnet.length && contains(network, subnet),
  );
}

export const isExcluded = ({ exclude }: Pools, subnet: Network): boolean =>
  exclude.some((network) => overlaps(network, subnet));
