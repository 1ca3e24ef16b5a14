import { AllocationError, type Network, parseNetwork } from '../allocation/index.ts';
import type { Node } from '../kube/index.ts';

/** What the cluster itself uses of IPv4. */
export interface ClusterRanges {
  services: readonly Network[];
  pods: readonly Network[];
  nodes: readonly Network[];
}

interface NodeRanges {
  pods: readonly Network[];
  addresses: readonly Network[];
}

const known = new WeakMap<Node, NodeRanges>();

/** Of one node, read once: a class asks all of them each time it is looked at. */
function rangesOf(node: Node): NodeRanges {
  const before = known.get(node);
  if (before !== undefined) return before;
  const ranges = {
    pods: (node.spec?.podCIDRs ?? []).flatMap(ipv4),
    addresses: (node.status?.addresses ?? []).flatMap(({ address }) => ipv4(`${address}/32`)),
  };
  known.set(node, ranges);
  return ranges;
}

export function clusterRanges(nodes: readonly Node[], services: readonly string[]): ClusterRanges {
  const each = nodes.map(rangesOf);
  return {
    services: services.flatMap(ipv4),
    pods: each.flatMap(({ pods }) => pods),
    nodes: each.flatMap(({ addresses }) => addresses),
  };
}

/** Nothing for IPv6, and for what is no network, such as the host name among a node's addresses. */
function ipv4(text: string): Network[] {
  try {
    return [parseNetwork(text)];
  } catch (error) {
    if (error instanceof AllocationError) return [];
    throw error;
  }
}

/** All that a class's overlap is decided by of a node; what else its kubelet writes every few minutes is not news. */
export const rangesKey = (node: Node | undefined): string =>
  JSON.stringify([node?.spec?.podCIDRs, node?.status?.addresses]);
