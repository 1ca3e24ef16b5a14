import type { TunnelEntry } from '../allocation/index.ts';
import { LABEL_GATEWAY, placementOf, type TenantTunnel, type TunnelClass } from '../api/index.ts';
import { type ConfigMap, leases, refOf } from '../kube/index.ts';
import { currentNode, nodeOf, placeTunnel } from './gateways.ts';
import type { World } from './world.ts';

/** Where a tunnel's objects are to say that it lies. */
export interface Lodging {
  node: string | undefined;
  /** It lay elsewhere, and goes to `node`. */
  move?: { from: string; why: string };
  /** It should go, and not now: when to ask again, ms. */
  againMs?: number;
}

/** Where a tunnel lies or shall lie from now on. */
export async function lodgingOf(
  world: World,
  entry: TunnelEntry,
  standing: ConfigMap | undefined,
  { tunnel, tunnelClass }: { tunnel?: TenantTunnel | undefined; tunnelClass?: TunnelClass | undefined },
  signal: AbortSignal,
): Promise<Lodging> {
  // Without its TenantTunnel one that lies nowhere is placed nowhere, but one on a lost node is not left there.
  const mayPlace = tunnel !== undefined || currentNode(world, entry.index) !== undefined;
  if (tunnelClass === undefined || !mayPlace) return { node: nodeOf(standing) };
  const placed = placeTunnel(world, entry, tunnel, tunnelClass);
  if ('refused' in placed) return { node: undefined };
  const { node, move } = placed;
  if (move === undefined) return { node };
  if (move.isSilent) {
    if (await isHeardAfterAll(world, node, signal)) return { node };
  } else {
    const turn = world.moves.take();
    if (turn !== 'now') return { node, againMs: turn };
  }
  return { node: move.to, move: { from: node, why: move.why } };
}

/** Whether a gateway that is said to be lost has renewed its Lease, asked past a watch that may be the silent one. */
async function isHeardAfterAll(world: World, node: string, signal: AbortSignal): Promise<boolean> {
  const lease = world.caches.heartbeats
    .list()
    .find(({ metadata }) => metadata.labels?.[LABEL_GATEWAY] === node);
  const stored = lease && (await world.client.get(leases, lease.metadata, { signal }));
  if (stored === undefined) return false;
  world.pulses.see({ type: 'updated', object: stored });
  return !world.pulses.isFenced(node);
}

/** The note of a placement: as it stands while the tunnel stays, else later than any before it. */
export function placedAt(world: Pick<World, 'now'>, standing: ConfigMap | undefined, node: string): string {
  const last = placementOf(standing);
  if (standing !== undefined && nodeOf(standing) === node) return String(last);
  return String(Math.max(world.now().getTime(), last + 1));
}

/** Says that a tunnel has been moved, once that is written. */
export function tellMove(
  world: World,
  { index }: TunnelEntry,
  tunnel: TenantTunnel | undefined,
  { node, move }: Lodging,
): void {
  if (move === undefined) return;
  const note = `${move.why}; node ${node} carries the tunnel now. Its routers need nothing new.`;
  world.logger.info({ index, from: move.from, to: node, why: move.why }, 'moved a tunnel');
  if (tunnel === undefined) return;
  world.events.record({
    regarding: refOf(tunnel),
    type: 'Normal',
    reason: 'TunnelMoved',
    action: 'Place',
    note,
  });
}
