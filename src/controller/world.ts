import type { Ledger } from '../allocation/index.ts';
import type { Router, TenantTunnel } from '../api/index.ts';
import type { Controller, EventRecorder, KubeClient, Logger } from '../kube/index.ts';
import { keyOf } from '../kube/index.ts';
import type { Caches } from './caches.ts';
import { type FoundTunnel, findTunnel, tenantOf } from './find-tunnel.ts';

export const FIELD_MANAGER = 'tenant-tunnel-controller';

/** Low: what a restart or a change of a class brings must not stand in the way of what a person waits for. */
export const BULK = { priority: -100 } as const;

/** How long block renderings wait for each other, ms: a burst of routers becomes one write of their block. */
const COALESCE_MS = 50;

/** What every reconciler works with: the caches, the ledger, and whom to wake. */
export interface World {
  client: KubeClient;
  caches: Caches;
  ledger: Ledger;
  events: EventRecorder;
  logger: Logger;
  gatewayNamespace: string;
  now: () => Date;
  controllers: {
    routers: Controller;
    tunnels: Controller;
    handover: Controller;
    classes: Controller;
  };
}

export function tunnelOf({ caches, ledger }: World, router: Router): FoundTunnel {
  return findTunnel(router, {
    get: (key) => caches.tunnels.get(key),
    ofTenant: (tenant) => caches.tunnels.byIndex('tenant', tenant),
    holderOf: (tenant) => ledger.tunnelOfTenant(tenant)?.owner,
  });
}

/** Routers that join, or try to join, a tunnel. */
export function routersOf({ caches }: World, tunnel: TenantTunnel): Router[] {
  return [
    ...caches.routers.byIndex('tenant', tenantOf(tunnel)),
    ...caches.routers.byIndex('tunnelRef', keyOf(tunnel)),
  ];
}

export function wakeRoutersOf(world: World, tunnel: TenantTunnel, options?: { priority: number }): void {
  for (const router of routersOf(world, tunnel)) world.controllers.routers.enqueue(keyOf(router), options);
}

/** A tunnel's own objects, `N`. */
export function wakeTunnelHandover({ controllers }: World, index: number): void {
  controllers.handover.enqueue(String(index));
}

/** A block of a tunnel, `N/B`. */
export function wakeBlockHandover({ controllers }: World, index: number, block: number): void {
  controllers.handover.queue.addAfter(`${index}/${block}`, COALESCE_MS);
}
