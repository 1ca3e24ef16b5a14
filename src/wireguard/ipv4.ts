import { Address4 } from 'ip-address';

/** An IPv4 network: `base` is its first address as an unsigned 32-bit number, `address` the one written. */
export interface Network {
  readonly address: number;
  readonly base: number;
  readonly length: number;
}

const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;
const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

const numberOf = (address: Address4): number => Number.parseInt(address.toHex().replaceAll(':', ''), 16);

/** `10.100.1.1` → unsigned 32-bit number, or undefined where the text is no IPv4 address. */
export const parseAddress = (text: string): number | undefined =>
  ADDRESS.test(text) && Address4.isValid(text) ? numberOf(new Address4(text)) : undefined;

/** `10.100.0.1/16` → its numbers, or undefined where the text is no IPv4 CIDR; host bits may be set. */
export function parseCidr(text: string): Network | undefined {
  if (!CIDR.test(text) || !Address4.isValid(text)) return undefined;
  const parsed = new Address4(text);
  return {
    address: numberOf(parsed),
    base: numberOf(parsed.startAddress()),
    length: parsed.subnetMask,
  };
}

/** The last address of a network. */
export const lastOf = (network: Network): number => network.base + 2 ** (32 - network.length) - 1;

export const contains = (outer: Network, address: number): boolean =>
  address >= outer.base && address <= lastOf(outer);

/** Whether all of `inner` lies in `outer`. */
export const covers = (outer: Network, inner: Network): boolean =>
  contains(outer, inner.base) && contains(outer, lastOf(inner));

export const formatAddress = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

/** `10.100.0.1/16` → `10.100.0.0/16`. */
export const formatNetwork = (network: Network): string => `${formatAddress(network.base)}/${network.length}`;
