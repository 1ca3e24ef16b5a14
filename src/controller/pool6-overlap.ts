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
 * What is said of a class's IPv4 pools, with what there is to say of the one for IPv6. Classes with the very same one are
 * not in each other's way, since a tunnel's number is its own in the whole cluster.
 */
export function withOverlap6(
  said: Verdict,
  tunnelClass: TunnelClass,
  others: readonly TunnelClass[],
  cluster: readonly Pool6[],
): Verdict {
  const { pool6 } = pool6Of(tunnelClass);
  if (pool6 === undefined) return said;
  const mine = formatNetwork6(pool6);
  const inCluster = cluster.filter((network) => overlaps6(pool6, network)).map(formatNetwork6);
  const inClasses = others.flatMap((other) => {
    const { pool6: theirs } = pool6Of(other);
    if (theirs === undefined || !overlaps6(pool6, theirs)) return [];
    return formatNetwork6(theirs) === mine ? [] : [`${other.metadata.name} (${formatNetwork6(theirs)})`];
  });
  const sentences = [
    inCluster.length === 0
      ? ''
      : `IPv6 pool ${mine} overlaps ${few(inCluster)}, which the cluster uses: tunnels work all the same, each in a network namespace of its own, but do not route from the cluster into this pool.`,
    inClasses.length === 0
      ? ''
      : `IPv6 pool ${mine} overlaps that of TunnelClass ${few(inClasses)}: no /64 is given twice, so a tunnel of one may go without for a tunnel of the other; give both the very same pool, or one of its own to each.`,
  ].filter((sentence) => sentence !== '');
  if (sentences.length === 0) return said;
  const before = said.status === 'True' ? [said.message] : [];
  return { status: 'True', reason: 'Overlap', message: [...before, ...sentences].join(' ') };
}

/** In one order whatever the caches' is, so that the sentence stays the same. */
function few(texts: readonly string[]): string {
  const sorted = [...new Set(texts)].sort();
  return sorted.length > NAMED
    ? `${sorted.slice(0, NAMED).join(', ')} and ${sorted.length - NAMED} more`
    : sorted.join(', ');
}
