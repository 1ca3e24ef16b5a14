import { type Network, parseAddress, sizeOf } from './ipv4.ts';

/** Addresses of a subnet are kept in blocks of this many, counted from the subnet's first address. */
export const BLOCK_ADDRESSES = 256;

/** The server's address: the first host of the subnet (10.X.0.1). */
export const serverAddress = (subnet: Network): number => subnet.base + 1;

/**
 * Where routers may live, as offsets from the subnet's first address. The first /24 of a subnet is the tunnel's own,
 * so routers start at 10.X.1.1; a subnet of one /24 or less has no room for that and they start behind the server.
 */
export function routerOffsets(subnet: Network): { first: number; last: number } {
  const size = sizeOf(subnet.length);
  return { first: size > BLOCK_ADDRESSES ? BLOCK_ADDRESSES : 2, last: size - 2 };
}

/** Blocks that hold router addresses, ascending. */
export function routerBlocks(subnet: Network): { first: number; last: number } {
  const { first, last } = routerOffsets(subnet);
  return { first: Math.floor(first / BLOCK_ADDRESSES), last: Math.floor(last / BLOCK_ADDRESSES) };
}

/**
 * Offsets inside a block in the order they are given out: .1 to .254 first. The .0 and .255 of a /24 are ordinary
 * hosts of a /16, but people take them for mistakes, so they come only when a tunnel has nothing else left.
 */
export function offsetsOfBlock(subnet: Network, block: number, kind: 'plain' | 'spare'): readonly number[] {
  const { first, last } = routerOffsets(subnet);
  const start = block * BLOCK_ADDRESSES;
  const all = OFFSETS[kind];
  if (start >= first && start + BLOCK_ADDRESSES - 1 <= last) return all;
  return all.filter((offset) => start + offset >= first && start + offset <= last);
}

const OFFSETS = {
  plain: Array.from({ length: BLOCK_ADDRESSES - 2 }, (_, i) => i + 1),
  spare: [255, 0],
} as const;

/** Where a router's address stands: block of the subnet, offset inside it. */
export interface Place {
  readonly block: number;
  readonly offset: number;
}

/** Undefined for what is no address that a router of the subnet may have. */
export function placeOf(address: string, subnet: Network): Place | undefined {
  const inSubnet = (parseAddress(address) ?? -1) - subnet.base;
  const { first, last } = routerOffsets(subnet);
  if (inSubnet < first || inSubnet > last) return undefined;
  return { block: Math.floor(inSubnet / BLOCK_ADDRESSES), offset: inSubnet % BLOCK_ADDRESSES };
}
