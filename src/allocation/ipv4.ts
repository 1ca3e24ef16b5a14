import { Address4 } from 'ip-address';
import { AllocationError } from './errors.ts';

/** An IPv4 network: `base` is its first address as an unsigned 32-bit number. */
export interface Network {
  readonly base: number;
  readonly length: number;
}

/** Addresses in a network of this prefix length. */
export const sizeOf = (length: number): number => 2 ** (32 - length);

/** `10.100.0.0/16` → {@link Network}. Host bits must be zero; throws `InvalidPool` otherwise. */
export function parseNetwork(cidr: string): Network {
  const address = Address4.isValid(cidr) && cidr.includes('/') ? new Address4(cidr) : undefined;
  if (address === undefined) {
    throw new AllocationError(
      'InvalidPool',
      `"${cidr}" is not an IPv4 network; write it like 10.100.0.0/16.`,
    );
  }
  const base = Number(address.startAddress().bigInt());
  if (base !== Number(address.bigInt())) {
    const network = `${formatAddress(base)}/${address.subnetMask}`;
    throw new AllocationError('InvalidPool', `"${cidr}" has host bits set; write ${network}.`);
  }
  return { base, length: address.subnetMask };
}

/** Whether {@link parseNetwork} takes it. */
export function isNetwork(cidr: string): boolean {
  try {
    parseNetwork(cidr);
    return true;
  } catch {
    return false;
  }
}

/** `10.100.1.1` → unsigned 32-bit number, or undefined where the text is no IPv4 address. */
export function parseAddress(text: string): number | undefined {
  return Address4.isValid(text) && !text.includes('/') ? Number(new Address4(text).bigInt()) : undefined;
}

// By hand: a block's peers are formatted again with each change, and the library's BigInts were 6 % of a bulk.
export const formatAddress = (address: number): string =>
  `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;

export const formatNetwork = (network: Network): string => `${formatAddress(network.base)}/${network.length}`;

export const contains = (outer: Network, inner: Network): boolean =>
  outer.length <= inner.length && overlaps(outer, inner);

export const overlaps = (a: Network, b: Network): boolean =>
  a.base < b.base + sizeOf(b.length) && b.base < a.base + sizeOf(a.length);
