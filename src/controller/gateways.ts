import type { TunnelEntry } from '../allocation/index.ts';
import {
  ANNOTATION_PROBLEM,
  LABEL_GATEWAY,
  LABEL_PART,
  type TenantTunnel,
  type TunnelClass,
  tunnelObjectName,
} from '../api/index.ts';
import type { ConfigMap, Lease } from '../kube/index.ts';
import type { Refusal } from './find-tunnel.ts';
import { chooseNode, type Gateway } from './placement.ts';
import type { World } from './world.ts';

type HandedOver = Pick<World, 'caches' | 'gatewayNamespace'>;

/** A tunnel's own ConfigMap, as it was handed over. */
export const handedOverTunnel = ({ caches, gatewayNamespace }: HandedOver, index: number) =>
  caches.configMaps.get(`${gatewayNamespace}/${tunnelObjectName(index)}`);

/** Where a handed-over object lies: the node's label says so. */
export const nodeOf = (object: ConfigMap | undefined): string | undefined =>
  object?.metadata.labels?.[LABEL_GATEWAY];

/** Where the handed-over tunnel lies; nowhere, once that node is none of this cluster. */
export function currentNode(world: HandedOver & Pick<World, 'now'>, index: number): string | undefined {
  const node = nodeOf(handedOverTunnel(world, index));
  return node !== undefined && isThere(world, node) ? node : undefined;
}

/**
 * Whether a node may still carry what it was given. What was restored into another cluster names nodes of the first;
 * nobody there has to be fenced. One whose agent still speaks may be about to come back.
 */
function isThere({ caches, now }: Pick<World, 'caches' | 'now'>, node: string): boolean {
  if (caches.nodes.get(node) !== undefined) return true;
  const leases = caches.heartbeats.list().filter(({ metadata }) => metadata.labels?.[LABEL_GATEWAY] === node);
  return leases.some((lease) => isFresh(lease, now()));
}

/**
 * The node that carries a tunnel. Once placed, a tunnel stays while that node is there: moving it means fencing the old node first, or two
 * nodes answer for one tunnel. A choice is remembered until its ConfigMap shows, so that whoever asks meanwhile gets
 * the same, and tunnels that come together are spread.
 */
export function placeTunnel(
  world: World,
  { index }: TunnelEntry,
  tunnel: TenantTunnel,
  tunnelClass: TunnelClass,
): { node: string } | { refused: Refusal } {
  const current = currentNode(world, index);
  const { chosenNodes } = world;
  if (current !== undefined) {
    chosenNodes.delete(index);
    return { node: current };
  }
  // After its ConfigMap was deleted by hand a tunnel goes back to where its routers' packets arrive.
  const preferred = chosenNodes.get(index) ?? tunnel.status?.gateway;
  chosenNodes.delete(index);
  const placed = chooseNode(tunnelClass, gatewaysOf(world), preferred);
  if ('node' in placed) chosenNodes.set(index, placed.node);
  return placed;
}

/** All nodes, with what their agents' heartbeats say. */
function gatewaysOf(world: World): Gateway[] {
  const { caches, now, chosenNodes } = world;
  const load = new Map<string, number>();
  const count = (node: string): unknown => load.set(node, (load.get(node) ?? 0) + 1);
  for (const { metadata } of caches.configMaps.list()) {
    const node = metadata.labels?.[LABEL_GATEWAY];
    if (metadata.labels?.[LABEL_PART] === 'tunnel' && node !== undefined) count(node);
  }
  for (const [index, node] of chosenNodes) if (currentNode(world, index) === undefined) count(node);
  const leases = new Map(
    caches.heartbeats.list().map((lease) => [lease.metadata.labels?.[LABEL_GATEWAY], lease]),
  );
  return caches.nodes.list().map(({ metadata: { name, labels = {} } }) => {
    const lease = leases.get(name);
    return {
      node: name,
      labels,
      alive: lease !== undefined && isFresh(lease, now()),
      problem: lease?.metadata.annotations?.[ANNOTATION_PROBLEM],
      load: load.get(name) ?? 0,
    };
  });
}

export function isFresh({ spec }: Lease, now: Date): boolean {
  const renewed = Date.parse(spec?.renewTime ?? '');
  return !Number.isNaN(renewed) && now.getTime() < renewed + (spec?.leaseDurationSeconds ?? 0) * 1000;
}
