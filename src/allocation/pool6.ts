import { Address6 } from 'ip-address';
import { AllocationError } from './errors.ts';

/** IPv6 networks for tunnels: tunnel N has the /64 with number N. */
export interface Pool6 {
  /** The first address. */
  readonly base: bigint;
  readonly length: number;
}

/**
 * As wide as it takes for each index that a tunnel can have: each has a UDP port of its own. So the last two bytes of a /64 are
 * the index, whatever pool it is out of, and no two tunnels can have one and the same.
 */
export const LONGEST_POOL6 = 48;

const TUNNEL_LENGTH = 64;
const ADDRESS_BITS = 128;

/** Global unicast and unique local; all else is link-local, multicast, or has a meaning of its own. */
const USABLE = ['2000::/3', 'fc00::/7'].map((text) => new Address6(text));

/** `fd12:3456:789a::/48` → {@link Pool6}. Throws `InvalidPool` with a sentence. */
export function parsePool6(cidr: string): Pool6 {
  const address = cidr.includes('/') && Address6.isValid(cidr) ? new Address6(cidr) : undefined;
  const refuse = (problem: string): never => {
    throw new AllocationError('InvalidPool', `"${cidr.slice(0, 64)}" ${problem}.`);
  };
  if (address === undefined) return refuse('is not an IPv6 network; write it like fd12:3456:789a::/48');
  const base = address.startAddress().bigInt();
  const length = address.subnetMask;
  if (base !== address.bigInt())
    return refuse(`has host bits set; write ${formatNetwork6({ base, length })}`);
  if (length > LONGEST_POOL6)
    return refuse(`is too small for a /64 for each tunnel; write a /${LONGEST_POOL6} or a wider one`);
  if (!USABLE.some((range) => address.isInSubnet(range)))
    return refuse('is neither unique local (fc00::/7) nor global unicast (2000::/3)');
  return { base, length };
}

export const formatNetwork6 = ({ base, length }: Pool6): string =>
  `${Address6.fromBigInt(base).correctForm()}/${length}`;

export const overlaps6 = (a: Pool6, b: Pool6): boolean => {
  const shift = BigInt(ADDRESS_BITS - Math.min(a.length, b.length));
  return a.base >> shift === b.base >> shift;
};

/** The /64 of a tunnel; undefined where the pool has none of that number. */
export function subnet6Of({ base, length }: Pool6, index: number): string | undefined {
  if (index >= 2 ** (TUNNEL_LENGTH - length)) return undefined;
  const own = base + (BigInt(index) << BigInt(ADDRESS_BITS - TUNNEL_LENGTH));
  return formatNetwork6({ base: own, length: TUNNEL_LENGTH });
}

/** A network as it stands in a cluster's objects: nothing where it is none of IPv6. */
export function network6(text: string): Pool6[] {
  if (!text.includes('/') || !Address6.isValid(text)) return [];
  const address = new Address6(text);
  return [{ base: address.startAddress().bigInt(), length: address.subnetMask }];
}

/** Whether a tunnel's /64 is out of a pool. */
export const isSubnet6Of = (pool: Pool6, subnet6: string): boolean =>
  network6(subnet6).some((own) => overlaps6(pool, own));
