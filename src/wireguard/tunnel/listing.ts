/** What `ip` and the kernel print, read into the terms of the plan. */

export interface Link {
  kind: 'wireguard' | 'tun' | 'other' | null;
  mtu: number;
  up: boolean;
  /** With the prefix length; no link-local ones of IPv6. */
  addresses: string[];
}

/** A link that is not there. */
export const NO_LINK: Link = { kind: null, mtu: 0, up: false, addresses: [] };

interface ListedLink {
  ifname?: string;
  flags?: string[];
  mtu?: number;
  linkinfo?: { info_kind?: string };
  addr_info?: { family?: string; local?: string; prefixlen?: number; scope?: string }[];
}

/** `ip` prints nothing at all, not `[]`, where some of its versions have nothing to list. */
const parseList = <T>(text: string): T[] => (text.trim() === '' ? [] : (JSON.parse(text) as T[]));

/** One interface of `ip -j -d addr show`. */
export function parseLink(text: string, name: string): Link {
  const link = parseList<ListedLink>(text).find(({ ifname }) => ifname === name);
  if (link === undefined) return NO_LINK;
  const kind = link.linkinfo?.info_kind;
  return {
    kind: kind === 'wireguard' || kind === 'tun' ? kind : 'other',
    mtu: link.mtu ?? 0,
    up: link.flags?.includes('UP') ?? false,
    addresses: (link.addr_info ?? [])
      .filter(({ family, scope }) => family === 'inet' || (family === 'inet6' && scope === 'global'))
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  };
}

/** Destinations of `ip -j -4 route show` that the kernel did not make of itself for an address. */
export const parseRoutes = (text: string): string[] =>
  parseList<{ dst?: string; protocol?: string }>(text)
    .filter(({ protocol }) => protocol !== 'kernel')
    .map(({ dst = '' }) => (dst === 'default' ? '0.0.0.0/0' : dst.includes('/') ? dst : `${dst}/32`));

/** Local ports of /proc/net/udp: the second column is ADDRESS:PORT in hexadecimal. */
export const parseUdpPorts = (text: string): number[] =>
  text.split('\n').flatMap((line) => {
    const port = /^\s*\d+:\s[0-9A-F]+:([0-9A-F]{4})\s/.exec(line)?.[1];
    return port === undefined ? [] : [Number.parseInt(port, 16)];
  });

/** Names of the interfaces of /proc/net/dev: what stands before the colon. */
export const parseInterfaces = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.[1] ?? []);
