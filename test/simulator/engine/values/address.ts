import { isIPv4, isIPv6 } from 'node:net';
import { Address6 } from 'ip-address';

interface Prefix {
  /** The address as written, canonical. */
  address: string;
  length: number;
  family: 4 | 6;
}

export function ipv4ToNumber(text: string): number {
  return text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function numberToIpv4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** The first address of the prefix. */
export function networkOf(prefix: Prefix): string {
  if (prefix.family === 6) {
    return new Address6(`${prefix.address}/${prefix.length}`).startAddress().correctForm();
  }
  const size = 2 ** (32 - prefix.length);
  return numberToIpv4(Math.floor(ipv4ToNumber(prefix.address) / size) * size);
}

/** `10.0.0.1`, `10.0.0.0/8`, `2001:db8::/32`; without a length the whole address. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length, more] = text.split('/');
  if (more !== undefined || (length !== undefined && !/^\d{1,3}$/.test(length))) return undefined;
  const family = isIPv4(address) ? 4 : isIPv6(address) && !address.includes('%') ? 6 : undefined;
  if (family === undefined) return undefined;
  const most = family === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (bits > most) return undefined;
  return { address: family === 4 ? address : new Address6(address).correctForm(), length: bits, family };
}

/** Whether `outer` covers the whole of `inner`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return networkOf({ ...inner, length: outer.length }) === networkOf(outer);
}

export function overlap(one: Prefix, other: Prefix): boolean {
  return covers(one, other) || covers(other, one);
}

/** `10.0.0.0/8` with host bits cleared, always with its length. */
export function canonicalPrefix(prefix: Prefix): string {
  return `${networkOf(prefix)}/${prefix.length}`;
}
