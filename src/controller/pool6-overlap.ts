import { formatNetwork6, network6, overlaps6, type Pool6 } from '../allocation/index.ts';
import type { TunnelClass } from '../api/index.ts';
import type { Node } from '../kube/index.ts';
import { pool6Of } from './class-capacity.ts';
import type { Verdict } from './pool-pressure.ts';

/** Networks that a message names. */
const NAMED = 3;

/** What the cluster itself uses of IPv6: Service ranges, pod ranges, addresses of nodes. */
export function clusterRanges6(nodes: readonly Node[], services: readonly string[]): Pool6[] {
  return [
    ...services,
    ...nodes.flatMap(({ spec }) => spec?.podCIDRs ?? []),
    ...nodes.flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => `${address}/128`)),
  ].flatMap(network6);
}

/**
 * What is said of a class's IPv4 pools, with what there is to say of the one for IPv6. Other classes are not in its way, even
 * with a pool that overlaps it: a tunnel's index is its own in the whole cluster, and the last two bytes of its /64.
 */
export function withOverlap6(said: Verdict, tunnelClass: TunnelClass, cluster: readonly Pool6[]): Verdict {
  const { pool6 } = pool6Of(tunnelClass);
  const inCluster = cluster.filter((network) => pool6 && overlaps6(pool6, network)).map(formatNetwork6);
  if (pool6 === undefined || inCluster.length === 0) return said;
  const sentence = `IPv6 pool ${formatNetwork6(pool6)} overlaps ${few(inCluster)}, which the cluster uses: tunnels work all the same, each in a network namespace of its own, but do not route from the cluster into this pool.`;
  const before = said.status === 'True' ? [said.message] : [];
  return { status: 'True', reason: 'Overlap', message: [...before, sentence].join(' ') };
}

/** In one order whatever the caches' is, so that the sentence stays the same. */
function few(texts: readonly string[]): string {
  const sorted = [...new Set(texts)].sort();
  return sorted.length > NAMED
    ? `${sorted.slice(0, NAMED).join(', ')} and ${sorted.length - NAMED} more`
    : sorted.join(', ');
}
