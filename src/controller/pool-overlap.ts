import {
  contains,
  formatAddress,
  formatNetwork,
  type Network,
  overlaps,
  type Pools,
  reaches,
} from '../allocation/index.ts';
import type { TunnelClass } from '../api/index.ts';
import { poolsOf, sharesSubnets } from './class-capacity.ts';
import type { ClusterRanges } from './cluster-ranges.ts';
import type { Verdict } from './pool-pressure.ts';

/** Networks that a message names. */
const NAMED = 3;

/** Whether somebody else uses networks of a class's pools; what is excluded does not count. */
export function poolOverlap(
  tunnelClass: TunnelClass,
  pools: Pools,
  others: readonly TunnelClass[],
  cluster: ClusterRanges,
): Verdict {
  const inCluster = [
    ...named('the Service range', 'Service ranges', pools, cluster.services),
    ...named('a pod range', 'pod ranges', pools, cluster.pods),
    ...named('a node address', 'node addresses', pools, cluster.nodes),
  ];
  const inClasses = others.flatMap((other) => shared(tunnelClass, pools, other));
  const sentences = [
    ...(inCluster.length === 0
      ? []
      : [
          `The pools overlap ${list(inCluster)}: tunnels work all the same, each in a network namespace of its own, but do not route from the cluster into these networks, or put them into spec.exclude.`,
        ]),
    ...(inClasses.length === 0
      ? []
      : [
          `The pools have networks in common with TunnelClass ${list(inClasses)}: no subnet is given twice, so what one takes the other lacks.`,
        ]),
  ];
  if (sentences.length > 0) return { status: 'True', reason: 'Overlap', message: sentences.join(' ') };
  return {
    status: 'False',
    reason: 'NoOverlap',
    message: 'No node, pod range, Service range or other class that is known of uses networks of the pools.',
  };
}

/** `pod ranges (10.244.0.0/24, 10.244.1.0/24 and 4 more)`, of those that the pools reach; nothing where they reach none. */
function named(one: string, many: string, pools: Pools, networks: readonly Network[]): string[] {
  const reached = networks.filter((network) => reaches(pools, network));
  if (reached.length === 0) return [];
  return [`${reached.length === 1 ? one : many} (${few(reached)})`];
}

/** `edge (10.104.0.0/13)`; nothing where the two have none in common, or where tunnels of both may have equal subnets. */
function shared(tunnelClass: TunnelClass, pools: Pools, other: TunnelClass): string[] {
  const read = poolsOf(other);
  if (!('pools' in read) || (sharesSubnets(tunnelClass) && sharesSubnets(other))) return [];
  const common = pools.pools.flatMap(({ network: mine }) =>
    read.pools.pools
      .filter(({ network }) => overlaps(mine, network))
      .map(({ network }) => (contains(mine, network) ? network : mine))
      .filter((both) => reaches(pools, both) && reaches(read.pools, both)),
  );
  return common.length === 0 ? [] : [`${other.metadata.name} (${few(common)})`];
}

/** In one order whatever the caches' is, so that the sentence stays the same. */
function few(networks: readonly Network[]): string {
  const texts = networks
    .toSorted((a, b) => a.base - b.base || a.length - b.length)
    .map((network) => (network.length === 32 ? formatAddress(network.base) : formatNetwork(network)));
  const different = [...new Set(texts)];
  const first = different.slice(0, NAMED);
  return list(different.length > NAMED ? [...first, `${different.length - NAMED} more`] : first);
}

const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
