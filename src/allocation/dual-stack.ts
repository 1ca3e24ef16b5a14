import { addressIn6 } from '../api/index.ts';
import { BLOCK_ADDRESSES, serverAddress } from './geometry.ts';
import { type Pool6, subnet6Of } from './pool6.ts';
import { networkOf, type TunnelEntry, type Tunnels } from './tunnel-entry.ts';

/**
 * A tunnel with the /64 that it had, or else with that of its number, unless it has one already: what its routers were told
 * never changes, whatever becomes of the pool. One that another tunnel has, live or in quarantine, is not given.
 */
export function withSubnet6(
  others: Iterable<Pick<TunnelEntry, 'index' | 'subnet6'>>,
  entry: TunnelEntry,
  { pool6, remembered }: { pool6?: Pool6 | undefined; remembered?: { subnet6?: string } | undefined },
  now: Date,
): TunnelEntry {
  if (entry.subnet6 !== undefined) return entry;
  const own = pool6 && subnet6Of(pool6, entry.index);
  const wanted = [remembered?.subnet6, own].filter((subnet6) => subnet6 !== undefined);
  if (wanted.length === 0) return entry;
  const taken = new Set([...others].filter(({ index }) => index !== entry.index).map((one) => one.subnet6));
  const subnet6 = wanted.find((one) => !taken.has(one));
  return subnet6 === undefined ? entry : { ...entry, subnet6, subnet6At: now.toISOString() };
}

/** The tunnel that has the /64 which another one would have by its number. */
export function holderOfSubnet6(
  tunnels: Tunnels,
  { index }: Pick<TunnelEntry, 'index'>,
  pool6: Pool6,
): TunnelEntry | undefined {
  const own = subnet6Of(pool6, index);
  return [...tunnels.values()].find((other) => own !== undefined && other.subnet6 === own);
}

/** The server's IPv6 address; nothing in a tunnel without. */
export function serverAddress6(entry: TunnelEntry): string | undefined {
  const network = networkOf(entry);
  return entry.subnet6 && addressIn6(entry.subnet6, serverAddress(network) - network.base);
}

/** Whether a router was set up by a script of before its tunnel had IPv6. */
export function isSetUpWithout6(
  { subnet6At }: Pick<TunnelEntry, 'subnet6At'>,
  { entry }: { entry: { access?: { used?: string } } },
): boolean {
  const { used } = entry.access ?? {};
  return subnet6At !== undefined && used !== undefined && Date.parse(used) < Date.parse(subnet6At);
}

/** A router's IPv6 address: of the number that it has in the IPv4 subnet; nothing in a tunnel without. */
export const routerAddress6 = (
  { subnet6 }: Pick<TunnelEntry, 'subnet6'>,
  { block, entry }: { block: number; entry: { offset: number } },
): string | undefined => subnet6 && addressIn6(subnet6, block * BLOCK_ADDRESSES + entry.offset);
