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
 * The node that carries a tunnel. Once placed, a tunnel stays: moving it means fencing the old node first, or two
 * nodes answer for one tunnel.
 */
export function placeTunnel(
  current: string | undefined,
  tunnelClass: TunnelClass,
  gateways: readonly Gateway[],
): { node: string } | { refused: Refusal } {
  if (current !== undefined) return { node: current };
  const selector = Object.entries(tunnelClass.spec.gateway.nodeSelector ?? {});
  const fitting = gateways.filter(
    ({ alive, labels }) =>
      alive && labels !== undefined && selector.every(([key, value]) => labels[key] === value),
  );
  const [best] = fitting.sort((a, b) => a.load - b.load || a.node.localeCompare(b.node));
  if (best !== undefined) return { node: best.node };
  const wanted = selector.map(([key, value]) => `${key}=${value}`).join(',');
  return {
    refused: {
      reason: 'NoGateway',
      message: `No node ${wanted === '' ? '' : `with labels ${wanted} (the class's nodeSelector) `}has a running gateway agent; see whether the gateway DaemonSet runs there.`,
    },
  };
}
