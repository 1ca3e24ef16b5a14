import type { TunnelClass } from '../api/index.ts';
import type { Refusal } from './find-tunnel.ts';

/** A node with an agent, as its heartbeat and its Node object tell. */
export interface Gateway {
  node: string;
  /** Labels of the Node; undefined where there is no such Node. */
  labels: Readonly<Record<string, string>> | undefined;
  /** Whether the heartbeat is younger than its own duration. */
  alive: boolean;
  /** Tunnels placed there. */
  load: number;
}

/**
 * The node for a tunnel that lies on none: the one that was meant for it, while that can take it, else the one with
 * the fewest tunnels.
 */
export function chooseNode(
  { spec }: TunnelClass,
  gateways: readonly Gateway[],
  preferred: string | undefined,
): { node: string } | { refused: Refusal } {
  const selector = Object.entries(spec.gateway.nodeSelector);
  const fitting = gateways.filter(
    ({ alive, labels }) =>
      alive && labels !== undefined && selector.every(([key, value]) => labels[key] === value),
  );
  const isPreferred = ({ node }: Gateway): number => (node === preferred ? 0 : 1);
  const [best] = fitting.sort(
    (a, b) => isPreferred(a) - isPreferred(b) || a.load - b.load || (a.node < b.node ? -1 : 1),
  );
  if (best !== undefined) return { node: best.node };
  const wanted = selector.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    refused: {
      reason: 'NoGateway',
      message: `No node ${wanted === '' ? '' : `with labels ${wanted} (the class's nodeSelector) `}has a running gateway agent; see whether the gateway DaemonSet runs there.`,
    },
  };
}
