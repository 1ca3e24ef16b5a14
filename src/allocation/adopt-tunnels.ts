import { overlaps } from './ipv4.ts';
import { isLive, networkOf, type TunnelEntry, type Tunnels } from './tunnel-entry.ts';

/** Whether two tunnels may have subnets that overlap, as their classes say. */
export type MayShareSubnet = (a: TunnelEntry, b: TunnelEntry) => boolean;

export interface AdoptedTunnels {
  tunnels: Tunnels;
  /** Tunnels that the ledger did not have, or had let go. */
  adopted: TunnelEntry[];
  /** What the ledger had in their places: tunnels that were gone for good when it was lost. */
  displaced: TunnelEntry[];
}

/**
 * The tunnels of a ledger that is older than what the gateways have, with what they have.
 *
 * @param later tunnels of the gateways that the ledger is older than
 * @param handed all of the gateways, which cannot be in each other's way
 */
export function adoptTunnels(
  known: Tunnels,
  later: readonly TunnelEntry[],
  handed: readonly Pick<TunnelEntry, 'index' | 'publicKey'>[],
  mayShareSubnet: MayShareSubnet,
): AdoptedTunnels {
  const tunnels = new Map(known);
  const adopted: TunnelEntry[] = [];
  const displaced: TunnelEntry[] = [];
  const isInTheWay = (a: TunnelEntry, b: TunnelEntry): boolean =>
    isOneOf(a, b) ||
    a.listenPort === b.listenPort ||
    (a.subnet6 !== undefined && a.subnet6 === b.subnet6) ||
    (overlaps(networkOf(a), networkOf(b)) && !mayShareSubnet(a, b));
  const isHanded = (entry: TunnelEntry): boolean => handed.some((other) => isSameTunnel(entry, other));
  for (const tunnel of later) {
    const there = tunnels.get(tunnel.index);
    if (there !== undefined && isSameTunnel(there, tunnel)) {
      const { subnet6 } = tunnel;
      const isShort = subnet6 !== undefined && there.subnet6 === undefined;
      if (isLive(there) && !isShort) continue;
      const { releasedAt: _, ...back } = { ...there, ...(isShort && { subnet6 }) };
      tunnels.set(tunnel.index, back);
      adopted.push(back);
      continue;
    }
    const others = [...tunnels.values()].filter((other) => isInTheWay(other, tunnel));
    if (others.some((other) => isHanded(other) && isOneOf(other, tunnel))) continue;
    for (const other of others.filter((one) => !isHanded(one))) {
      tunnels.delete(other.index);
      displaced.push(other);
    }
    tunnels.set(tunnel.index, tunnel);
    adopted.push(tunnel);
  }
  return { tunnels: adopted.length === 0 ? known : tunnels, adopted, displaced };
}

/** The server's key is made for one tunnel, and for no other ever again. */
export const isSameTunnel = (
  a: Pick<TunnelEntry, 'index' | 'publicKey'>,
  b: Pick<TunnelEntry, 'index' | 'publicKey'>,
): boolean => a.index === b.index && a.publicKey === b.publicKey;

/** There is one tunnel of an index, and one of a tenant. */
const isOneOf = (a: TunnelEntry, b: TunnelEntry): boolean => a.index === b.index || a.tenant === b.tenant;
