import { LABEL_GATEWAY, LABEL_PART } from '../api/index.ts';
import type { Lease } from '../kube/index.ts';
import type { Gateway } from './placement.ts';
import type { World } from './world.ts';

/** The nodes that have, or had, a gateway agent, from their heartbeats. */
export function gatewaysOf({ caches, now }: World): Gateway[] {
  const load = new Map<string, number>();
  for (const { metadata } of caches.configMaps.list()) {
    const node = metadata.labels?.[LABEL_GATEWAY];
    if (metadata.labels?.[LABEL_PART] === 'tunnel' && node !== undefined)
      load.set(node, (load.get(node) ?? 0) + 1);
  }
  return caches.heartbeats.list().flatMap((lease) => {
    const node = lease.metadata.labels?.[LABEL_GATEWAY];
    if (node === undefined) return [];
    const object = caches.nodes.get(node);
    const labels = object === undefined ? undefined : (object.metadata.labels ?? {});
    return [{ node, labels, alive: isFresh(lease, now()), load: load.get(node) ?? 0 }];
  });
}

export function isFresh({ spec }: Lease, now: Date): boolean {
  const renewed = Date.parse(spec?.renewTime ?? '');
  return !Number.isNaN(renewed) && now.getTime() < renewed + (spec?.leaseDurationSeconds ?? 0) * 1000;
}
