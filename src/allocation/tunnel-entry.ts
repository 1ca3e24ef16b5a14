import { type Network, parseNetwork } from './ipv4.ts';

/** One tunnel as the ledger has it: what its routers in the field live by. */
export interface TunnelEntry {
  readonly index: number;
  readonly tenant: string;
  /** `namespace/name` of the TenantTunnel; a restored one has another uid but the same name. */
  readonly owner: string;
  readonly className: string;
  /** e.g. `10.100.0.0/16`. */
  readonly subnet: string;
  /** Its /64, e.g. `fd12:3456:789a:5::/64`; absent while its class names no pool for that. */
  readonly subnet6?: string;
  /** ISO time at which it was given: scripts that were used before are without. */
  readonly subnet6At?: string;
  readonly listenPort: number;
  readonly privateKey: string;
  readonly publicKey: string;
  /** ISO time of release; the numbers stay taken until the quarantine is over. */
  readonly releasedAt?: string;
  /** Somebody wrote its TenantTunnel: a plain one must not be made in its place while it may be on its way back. */
  readonly isWritten?: true;
  /** ISO time at which it was given another key, since nobody had its own any more. */
  readonly keyLostAt?: string;
}

/** What a TenantTunnel's status says that it was given, of which the ledger has no record. */
export interface RememberedTunnel {
  readonly owner: string;
  readonly className: string;
  readonly index: number;
  readonly subnet: string;
  readonly subnet6?: string;
  readonly listenPort: number;
}

/** All tunnels of the cluster by index, live and in quarantine. One object, so that one write decides each claim. */
export type Tunnels = ReadonlyMap<number, TunnelEntry>;

export const interfaceNameOf = (index: number): string => `wg${index}`;

export const isLive = (entry: { releasedAt?: string }): boolean => entry.releasedAt === undefined;

const networks = new WeakMap<TunnelEntry, Network>();

/** The subnet, parsed once. */
export function networkOf(entry: TunnelEntry): Network {
  const known = networks.get(entry) ?? parseNetwork(entry.subnet);
  networks.set(entry, known);
  return known;
}

const byTenant = new WeakMap<Tunnels, Map<string, TunnelEntry>>();

/** Asked several times for each router, so it must not walk through a thousand tunnels. */
export function tunnelOfTenant(tunnels: Tunnels, tenant: string): TunnelEntry | undefined {
  let index = byTenant.get(tunnels);
  if (index === undefined) {
    // Of two records, which only hands can have made, the lower number counts.
    const descending = [...tunnels.values()].sort((a, b) => b.index - a.index);
    index = new Map(descending.map((entry) => [entry.tenant, entry]));
    byTenant.set(tunnels, index);
  }
  return index.get(tenant);
}
