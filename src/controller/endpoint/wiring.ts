import { isDeepStrictEqual } from 'node:util';
import { isLive } from '../../allocation/index.ts';
import { LABEL_TUNNEL } from '../../api/index.ts';
import type { Change, EndpointSlice, Node, Service } from '../../kube/index.ts';
import { currentNode } from '../gateways.ts';
import { BULK, type World, wakeEndpoint } from '../world.ts';

/** Which change wakes what leads to tunnels, beside what wakes their handover. Nothing does before a class asks for it. */
export function wireEndpoints(world: World): void {
  const { caches, controllers, endpointCaches, ledger } = world;
  caches.classes.onChange(({ object, old, type }) => {
    // Its status counts tunnels, and changes with each.
    if (type === 'updated' && isDeepStrictEqual(object.spec.endpoint, old.spec.endpoint)) return;
    if (type !== 'deleted' && object.spec.endpoint.mode !== 'Static') endpointCaches.begin();
    wakeEndpoints(world);
  });
  caches.nodes.onChange(({ key, object, old }) => {
    if (!endpointCaches.hasBegun || sameAddresses(object, old)) return;
    for (const { index } of ledger.tunnels.values())
      if (currentNode(world, index) === key) wakeEndpoint(world, index);
  });
  const onObject = ({ object }: Change<Service> | Change<EndpointSlice>): void => {
    const index = Number(object.metadata.labels?.[LABEL_TUNNEL]);
    if (!Number.isInteger(index)) return;
    wakeEndpoint(world, index);
    const owner = ledger.tunnels.get(index)?.owner;
    if (owner !== undefined) controllers.tunnels.enqueue(owner);
  };
  endpointCaches.services.onChange(onObject);
  endpointCaches.slices.onChange(onObject);
  endpointCaches.synced.then(
    () => wakeEndpoints(world),
    () => undefined,
  );
}

/** Of all tunnels. */
export function wakeEndpoints({ controllers, endpointCaches, ledger }: World): void {
  if (!endpointCaches.hasBegun) return;
  for (const entry of ledger.tunnels.values())
    if (isLive(entry)) controllers.endpoints.enqueue(String(entry.index), BULK);
}

const sameAddresses = (object: Node, old: Node | undefined): boolean =>
  isDeepStrictEqual(object.status?.addresses, old?.status?.addresses);
