import { placeIn6 } from '../api/address6.ts';
import { type Network, parseCidr } from './ipv4.ts';

/** The IPv4 addresses among a server's own, e.g. `10.100.0.1/16`. */
export const subnetsOf = (addresses: readonly string[]): Network[] =>
  addresses.flatMap((text) => parseCidr(text) ?? []);

/** The IPv6 addresses among a server's own, without the length, which is always 64: `fd12:3456:789a::1`. */
export const addresses6Of = (addresses: readonly string[]): string[] =>
  addresses.flatMap((text) =>
    text.endsWith('/64') && placeIn6(text.slice(0, -3)) ? [text.slice(0, -3)] : [],
  );

/** The /64 of an address that {@link addresses6Of} gave. */
export const subnet6Of = (address: string): string => placeIn6(address)?.subnet6 ?? '';
