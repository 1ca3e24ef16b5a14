import { countOf } from './intervals.ts';
import type { Network } from './ipv4.ts';
import { isSubnetIn, numbersIn, type Pool, type Pools, subnetsIn } from './pools.ts';
import { networkOf, type TunnelEntry } from './tunnel-entry.ts';

/** One pool of a class, and what is left of it. */
export interface PoolUse {
  readonly pool: Pool;
  /** Subnets that it holds; excluded ones do not count. */
  readonly subnets: number;
  /** Those of them that a new tunnel may get. */
  readonly free: number;
  /** Tunnels of the class that have a subnet there, also an excluded one; live and in quarantine. */
  readonly tunnels: number;
  /** The lowest and the highest of their subnets. */
  readonly range?: { readonly first: Network; readonly last: Network };
}

export interface PortUse {
  readonly total: number;
  readonly free: number;
  /** The lowest and the highest port inside the range that a tunnel of the class has. */
  readonly range?: { readonly first: number; readonly last: number };
}

/** What a class holds, and how much of it is used. */
export interface ClassUse {
  readonly pools: readonly PoolUse[];
  readonly ports: PortUse;
  /** Tunnels of the class whose subnet none of its pools could give any more. */
  readonly outside: number;
}

export interface ClassLimits {
  name: string;
  pools: Pools;
  ports: { first: number; last: number };
  /** Whether its tunnels may have the subnet that another tunnel has; absent: each has its own. */
  mayShareWith?: (other: TunnelEntry) => boolean;
}

/** `tunnels`: all of the cluster, of whatever class, live and in quarantine. */
export function useOfClass(limits: ClassLimits, tunnels: Iterable<TunnelEntry>): ClassUse {
  const { name, pools, ports, mayShareWith } = limits;
  const all = [...tunnels];
  const own = all.filter(({ className }) => className === name);
  const rivals = mayShareWith === undefined ? all : all.filter((entry) => !mayShareWith(entry));
  const taken = rivals.map(networkOf);
  const uses = pools.pools.map((pool) => useOfPool(pool, pools.exclude, taken, own.map(networkOf)));
  const inPools = uses.reduce((sum, use) => sum + use.tunnels, 0);
  return { pools: uses, ports: useOfPorts(ports, all, own), outside: own.length - inPools };
}

function useOfPool(
  pool: Pool,
  exclude: readonly Network[],
  taken: readonly Network[],
  own: readonly Network[],
): PoolUse {
  const size = subnetsIn(pool);
  const excluded = exclude.map((network) => numbersIn(pool, network));
  const gone = [...excluded, ...taken.map((network) => numbersIn(pool, network))];
  const here = own.filter((subnet) => isSubnetIn(pool, subnet)).toSorted((a, b) => a.base - b.base);
  const [first, last] = [here[0], here.at(-1)];
  return {
    pool,
    subnets: size - countOf(excluded),
    free: size - countOf(gone),
    tunnels: here.length,
    ...(first && last && { range: { first, last } }),
  };
}

function useOfPorts(
  { first, last }: ClassLimits['ports'],
  all: readonly TunnelEntry[],
  own: readonly TunnelEntry[],
): PortUse {
  const inside = (entries: readonly TunnelEntry[]): number[] =>
    entries.map(({ listenPort }) => listenPort).filter((port) => first <= port && port <= last);
  const total = Math.max(0, last - first + 1);
  const ofOwn = inside(own);
  const range = { first: Math.min(...ofOwn), last: Math.max(...ofOwn) };
  return { total, free: total - new Set(inside(all)).size, ...(ofOwn.length > 0 && { range }) };
}

/** How many more tunnels the class can give, as far as subnets go and as far as ports go. */
export function freeTunnels({ pools, ports }: ClassUse, shared: boolean): number {
  const free = pools.reduce((sum, pool) => sum + pool.free, 0);
  return shared && free > 0 ? ports.free : Math.min(free, ports.free);
}
