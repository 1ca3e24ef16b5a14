/*
 * IPv6 inside of tunnels. A tunnel has one /64, and whoever is in it one address: the /64 and the number that its
 * IPv4 address has in the tunnel's subnet. 10.100.1.7 of 10.100.0.0/16 is `fd12:3456:789a:5::107` of
 * `fd12:3456:789a:5::/64`; the server, 10.100.0.1, is `…::1`. So nothing has to be allocated, and no two are equal.
 */

const GROUP = '(?:0|[1-9a-f][0-9a-f]{0,3})';
/** Global unicast (2000::/3) or unique local (fc00::/7). */
const FIRST = '(?:[23][0-9a-f]{3}|f[cd][0-9a-f]{2})';
/** The first half of an address as RFC 5952 spells it before the `::`, so without zeros at its end. */
const HALF = `${FIRST}(?:(?::${GROUP}){0,2}:[1-9a-f][0-9a-f]{0,3})?`;
const SUBNET = new RegExp(`^${HALF}::/64$`);
const ADDRESS = new RegExp(`^(${HALF}::)([1-9a-f][0-9a-f]{0,3})$`);

/** As many as the widest subnet of a tunnel has addresses. */
const HOSTS = 65_536;

/** Whether a text is the /64 of a tunnel in its one spelling. */
export const isSubnet6 = (text: unknown): text is string => typeof text === 'string' && SUBNET.test(text);

/** The address of a host: `fd12::/64`, 263 → `fd12::107`. Throws RangeError for what is no number of a host. */
export function addressIn6(subnet6: string, host: number): string {
  if (!Number.isInteger(host) || host < 1 || host >= HOSTS) throw new RangeError(`${host} is no host.`);
  return `${subnet6.slice(0, -'/64'.length)}${host.toString(16)}`;
}

/** The inverse: `fd12::107` → `fd12::/64` and 263; undefined for an address of another form. */
export function placeIn6(address: string): { subnet6: string; host: number } | undefined {
  const [, half, host = ''] = ADDRESS.exec(address) ?? [];
  return half === undefined ? undefined : { subnet6: `${half}/64`, host: Number.parseInt(host, 16) };
}
