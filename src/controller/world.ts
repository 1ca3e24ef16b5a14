import type { Ledger } from '../allocation/index.ts';
import type { Router, TenantTunnel } from '../api/index.ts';
import {
  type Controller,
  type EventRecorder,
  type KubeApi,
  type KubeObject,
  keyOf,
  type Logger,
  nameOf,
  type ResourceType,
} from '../kube/index.ts';
import { awaitedTunnel } from './awaited-tunnel.ts';
import type { Caches } from './caches.ts';
import type { EndpointCaches } from './endpoint/caches.ts';
import type { Environment } from './environment.ts';
import { type FoundTunnel, findTunnel, type Refusal, tenantOf } from './find-tunnel.ts';
import { handoverKeyOf } from './handover-key.ts';
import type { Moves } from './moves.ts';
import type { NamespaceValues } from './profiles/plan-values.ts';
import type { ProfileSeats } from './profiles/seats.ts';
import type { Gathering } from './proven-passwords.ts';
import type { Pulses } from './pulses.ts';
import type { ServiceRanges } from './service-ranges.ts';
import type { SubnetIndex } from './subnet-index.ts';
import type { WaitingRouters } from './waiting-routers.ts';

export const FIELD_MANAGER = 'tenant-tunnel-controller';

/** Low: what a restart or a change of a class brings must not stand in the way of what a person waits for. */
export const BULK = { priority: -100 } as const;

/** How long renderings wait for each other, ms: routers applied together become one write of their block. */
const COALESCE_MS = 50;
/** The same while more routers wait than {@link BACKLOG}: a block is then filling up, and each write is of all of it. */
const COALESCE_BACKLOG_MS = 1000;
const BACKLOG = 64;
/** The same of what a class says of its capacity, which nobody waits for. */
const COUNT_MS = 1000;

export interface Controllers {
  /** `namespace/name` of a Router. */
  routers: Controller;
  /** `namespace/name` of a TenantTunnel. */
  tunnels: Controller;
  /** `N`, a tunnel's own objects, and `N/B`, those of one of its blocks. */
  handover: Controller;
  /** Index of a tunnel: the Services that lead to it. And one key more, to look for what was left. */
  endpoints: Controller;
  /** Name of a TunnelClass. */
  classes: Controller;
  /** `namespace/name` of a ledger Secret. */
  ledger: Controller;
  /** One key, {@link QUARANTINE}. */
  quarantine: Controller;
  /** Index of a tunnel: what is kept of its deleted Routers. */
  secrets: Controller;
  /** One key: what the agents of gateways know each other by. */
  peerKey: Controller;
  /** `namespace/name` of a RouterProfile. */
  profiles: Controller;
  /** Namespace whose profiles have values from Secrets. */
  values: Controller;
  /** One key: copies of configurations that are over. */
  backups: Controller;
}

export const QUARANTINE = 'all';

/** How soon a cache that lags behind is looked at again, ms. */
export const LAG_MS = 1000;

/** What every reconciler works with: the caches, the ledger, and whom to wake. */
export interface World {
  client: KubeApi;
  caches: Caches;
  ledger: Ledger;
  events: EventRecorder;
  logger: Logger;
  environment: Environment;
  /** Of the operator. */
  namespace: string;
  gatewayNamespace: string;
  /** Of the copies of routers' configurations. */
  backupNamespace: string;
  now: () => Date;
  controllers: Controllers;
  /** When each gateway was last heard. */
  pulses: Pulses;
  /** How many tunnels may be moved that could also stay. */
  moves: Moves;
  /** Index of a tunnel → the node chosen for it, until the handover shows in the cache. */
  chosenNodes: Map<number, string>;
  /** `namespace/name` of TenantTunnels that are just being created for Routers. */
  tunnelsBeingMade: Map<string, Promise<Refusal | undefined>>;
  /** Blocks whose routers have just proven passwords. */
  gathering: Gathering;
  /** Routers that tunnels have no address for. */
  waiting: WaitingRouters;
  /** What networks behind Routers are wanted and told, as the cache of Routers has it. */
  subnets: SubnetIndex;
  serviceRanges: ServiceRanges;
  /** Which Routers have which profiles. */
  seats: ProfileSeats;
  /** What is known of the values of profiles, by namespace. */
  profileValues: Map<string, NamespaceValues>;
  endpointCaches: EndpointCaches;
  /** Index of a tunnel → why what would lead to it could not be put; absent: this process has not looked yet. */
  endpointTroubles: Map<number, Refusal | undefined>;
}

export function tunnelOf(world: World, router: Router): FoundTunnel {
  const { caches, ledger } = world;
  return findTunnel(router, {
    get: (key) => caches.tunnels.get(key),
    ofTenant: (tenant) => caches.tunnels.byIndex('tenant', tenant),
    holderOf: (tenant) => ledger.tunnelOfTenant(tenant)?.owner,
    awaitedOf: (tenant) => awaitedTunnel(world, tenant),
  });
}

/**
 * Whether an object is really gone, asked past the cache: one that lags behind, as that of a process that has just
 * begun to lead may, must not cost a router its keys.
 */
export async function isGone<T extends KubeObject>(
  { client }: World,
  type: ResourceType<T>,
  key: string,
  signal: AbortSignal,
): Promise<boolean> {
  const object = await client.get(type, nameOf(key), { signal });
  return object === undefined || object.metadata.deletionTimestamp !== undefined;
}

/** All TenantTunnels of a tenant: which of them has it may be another one now. */
export function wakeTunnelsOf({ caches, controllers }: World, tenant: string): void {
  for (const tunnel of caches.tunnels.byIndex('tenant', tenant)) controllers.tunnels.enqueue(keyOf(tunnel));
}

export function wakeRoutersOf(
  { caches, controllers }: World,
  tunnel: TenantTunnel,
  options?: { priority: number },
): void {
  const joining = [
    ...caches.routers.byIndex('tenant', tenantOf(tunnel)),
    ...caches.routers.byIndex('tunnelRef', keyOf(tunnel)),
  ];
  for (const router of joining) controllers.routers.enqueue(keyOf(router), options);
}

/** What becomes of a tunnel becomes of what leads to it. */
export function wakeTunnelHandover(world: World, index: number): void {
  world.controllers.handover.enqueue(String(index));
  wakeEndpoint(world, index);
}

export function wakeEndpoint(
  { controllers, endpointCaches }: World,
  index: number,
  options?: { priority: number },
): void {
  if (endpointCaches.hasBegun) controllers.endpoints.enqueue(String(index), options);
}

/** One of its blocks, and the tunnel's list of blocks. */
export function wakeBlockHandover({ controllers }: World, index: number, block: number): void {
  const ms = controllers.routers.queue.depth > BACKLOG ? COALESCE_BACKLOG_MS : COALESCE_MS;
  controllers.handover.queue.addAfter(`${index}/${block}`, ms);
  controllers.handover.queue.addAfter(String(index), ms);
}

/** All that is handed over of a tunnel, and what is left of blocks that nobody is in any more. */
export function wakeWholeHandover(world: World, index: number, options?: { priority: number }): void {
  const { caches, controllers, ledger } = world;
  const { handover } = controllers;
  handover.enqueue(String(index), options);
  wakeEndpoint(world, index, options);
  for (const block of ledger.liveBlocks(index)) handover.enqueue(`${index}/${block}`, options);
  for (const cache of [caches.configMaps, caches.secrets]) {
    for (const object of cache.byIndex('tunnel', String(index)))
      handover.enqueue(handoverKeyOf(object), options);
  }
}

/** What classes say of what is left of them: pools of several may have networks in common. */
export function wakeClasses({ caches, controllers }: World): void {
  for (const name of caches.classes.keys()) controllers.classes.queue.addAfter(name, COUNT_MS);
}
