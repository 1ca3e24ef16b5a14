import type { TunnelClass } from '../api/index.ts';
import type { Refusal } from './find-tunnel.ts';

/** A node as its Node object tells, and what is known of the gateway agent there. */
export interface Gateway {
  node: string;
  labels: Readonly<Record<string, string>>;
  /** Whether an agent's heartbeat is younger than its own duration. */
  alive: boolean;
  /** Why the node can carry no tunnel, as its agent says in one sentence. */
  problem: string | undefined;
  /** Somebody wants it to get no new work: it gets what no other can take. */
  isCordoned: boolean;
  /** Tunnels placed there. */
  load: number;
  /** Those of them that are of the class in question. */
  ofClass: number;
}

/** Nodes that a message names. */
const NAMED = 3;

/**
 * The node for a tunnel that lies on none: the one that was meant for it, while that can take it, else the one with
 * the fewest tunnels; for a class that keeps its tunnels together, the one with the most of them.
 */
export function chooseNode(
  tunnelClass: TunnelClass,
  gateways: readonly Gateway[],
  preferred: string | undefined,
): { node: string } | { refused: Refusal } {
  const selected = gateways.filter(({ labels }) => isSelected(tunnelClass, labels));
  const fitting = selected.filter(({ alive, problem }) => alive && problem === undefined);
  const order = ({ node, isCordoned }: Gateway): number =>
    Number(isCordoned) * 2 + Number(node !== preferred);
  const isTogether = tunnelClass.spec.gateway.placement === 'Together';
  const byLoad = (a: Gateway, b: Gateway): number => (isTogether && b.ofClass - a.ofClass) || a.load - b.load;
  const [best] = fitting.sort((a, b) => order(a) - order(b) || byLoad(a, b) || byNode(a, b));
  if (best !== undefined) return { node: best.node };
  const selector = Object.entries(tunnelClass.spec.gateway.nodeSelector);
  const wanted = selector.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    refused: { reason: 'NoGateway', message: noGateway(selected, wanted, tunnelClass.metadata.name) },
  };
}

/** Whether a class's gateways are among the nodes with these labels. */
export const isSelected = (
  { spec }: Pick<TunnelClass, 'spec'>,
  labels: Readonly<Record<string, string>>,
): boolean => Object.entries(spec.gateway.nodeSelector).every(([key, value]) => labels[key] === value);

/** Which of three is lacking: nodes, agents on them, or what an agent needs. */
function noGateway(selected: readonly Gateway[], wanted: string, className: string): string {
  const selector = `the nodeSelector of TunnelClass ${className}`;
  if (selected.length === 0) {
    return wanted === ''
      ? 'The cluster has no node.'
      : `No node has the labels ${wanted}, which ${selector} asks for: label a gateway node so, or correct the class.`;
  }
  const troubled = selected.filter(({ alive }) => alive).sort(byNode);
  const [first] = troubled;
  if (first !== undefined) {
    const others = troubled.length === 1 ? '' : ` So it is with ${troubled.length - 1} more.`;
    return `Node ${first.node} can carry no tunnel: ${first.problem}${others}`;
  }
  const names = selected.map(({ node }) => node).sort();
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  const nodes = `${names.length === 1 ? 'Node' : 'Nodes'} ${names.slice(0, NAMED).join(', ')}${more}`;
  const fit = wanted === '' ? '' : ` ${names.length === 1 ? 'has' : 'have'} the labels ${wanted}, but`;
  return `${nodes}:${fit} no gateway agent runs there. See the pods of the DaemonSet tenant-tunnel-gateway, its nodeSelector and its tolerations.`;
}

const byNode = (a: Gateway, b: Gateway): number => (a.node < b.node ? -1 : 1);
