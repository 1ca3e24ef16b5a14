import type { TunnelEntry } from '../../allocation/index.ts';
import type { TenantTunnel, TunnelClass } from '../../api/index.ts';
import { findCondition } from '../../kube/index.ts';
import { currentNode } from '../gateways.ts';
import type { World } from '../world.ts';
import { namedHost } from './host.ts';
import { standingOf } from './reconcile.ts';
import { type EndpointState, endpointState } from './verdict.ts';

/** How a tunnel's endpoint is, as far as the caches tell. */
export function endpointOf(
  world: World,
  entry: TunnelEntry,
  tunnelClass: TunnelClass,
  { status }: TenantTunnel,
): EndpointState {
  if (tunnelClass.spec.endpoint.mode === 'Static') return {};
  const { endpointCaches, endpointTroubles, caches } = world;
  // After a restart what was said counts until this process has looked.
  const said = findCondition(status?.conditions, 'EndpointReady');
  if (!endpointTroubles.has(entry.index) && said !== undefined) {
    const { status: verdict, reason, message } = said;
    return { verdict: { status: verdict, reason, message } };
  }
  const name = currentNode(world, entry.index);
  return endpointState({
    tunnelClass,
    entry,
    node: name === undefined ? undefined : { name, object: caches.nodes.get(name) },
    standing: standingOf(world, entry.index),
    slices: endpointCaches.slices.byIndex('tunnel', String(entry.index)),
    trouble: endpointTroubles.get(entry.index),
  });
}

/** What routers are to be told at present; undefined while nobody knows it. */
export const hostOf = (
  world: World,
  entry: TunnelEntry,
  tunnelClass: TunnelClass,
  tunnel: TenantTunnel,
): string | undefined => namedHost(tunnelClass, entry) ?? endpointOf(world, entry, tunnelClass, tunnel).host;
