/** Which change of a Router, a profile or a class wakes which profiles. */
import {
  choiceOf,
  keyOfRef,
  type ProfileSource,
  type Router,
  type RouterProfile,
  selectorHash,
  selectProfiles,
  type TenantTunnel,
  type TunnelClass,
  valuesObjectName,
} from '../../api/index.ts';
import { type Change, keyOf } from '../../kube/index.ts';
import { isDefault } from '../find-class.ts';
import { tenantOf } from '../find-tunnel.ts';
import type { World } from '../world.ts';
import { classProfilesOf, namesProfiles } from './class-of-router.ts';

/**
 * How long what routers say is gathered, ms, before a profile's status is looked at again: 65,000 routers that apply
 * one are a write each few seconds.
 */
export const GATHER_MS = 5000;

export function wireProfiles(world: World): void {
  const { caches, controllers } = world;
  controllers.profiles.watches(caches.profiles, () => []);
  caches.profiles.onChange((change) => onProfile(world, change));
  caches.routers.onChange((change) => onRouter(world, change));
  caches.classes.onChange((change) => onClass(world, change));
  caches.values.onChange(({ object }) => {
    const namespace = object.metadata.name.slice(valuesObjectName('').length);
    controllers.values.queue.addAfter(namespace, 50);
  });
}

/** All routers take their seats, once, when this process begins to lead; and each profile is looked at. */
export function seatAll(world: World): void {
  const { caches, controllers } = world;
  world.seats.open();
  if (caches.profiles.size > 0)
    for (const router of caches.routers.list()) seatRouter(world, keyOf(router), router);
  for (const profile of caches.profiles.list()) {
    controllers.profiles.enqueue(keyOfRef(profile.metadata), { priority: -100 });
    controllers.values.enqueue(profile.metadata.namespace, { priority: -100 });
  }
  for (const copy of caches.values.list()) {
    controllers.values.enqueue(copy.metadata.name.slice(valuesObjectName('').length), { priority: -100 });
  }
}

function onProfile(world: World, change: Change<RouterProfile>): void {
  const { controllers, seats } = world;
  if (!seats.isOpen) return;
  const { key, object, old } = change;
  const isSpec =
    change.type !== 'updated' ||
    object.metadata.generation !== old?.metadata.generation ||
    object.metadata.uid !== old?.metadata.uid ||
    object.metadata.deletionTimestamp !== old?.metadata.deletionTimestamp;
  const isAnnotated = old !== undefined && object.metadata.annotations !== old.metadata.annotations;
  if (!isSpec) {
    // A status that somebody else has changed; our own is found to be as it should.
    if (isAnnotated) controllers.profiles.enqueue(key);
    controllers.profiles.queue.addAfter(key, GATHER_MS);
    return;
  }
  if (change.type !== 'updated' || hasOtherRouters(object, change.old)) seatProfile(world, change);
  controllers.values.enqueue(object.metadata.namespace);
  controllers.profiles.enqueue(key);
}

const hasOtherRouters = (now: RouterProfile, before: RouterProfile): boolean =>
  selectorHash(now) !== selectorHash(before) ||
  now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp;

/** Goes through the routers of its namespace, and through all where a class names it. */
function seatProfile(world: World, { type, key, object }: Change<RouterProfile>): void {
  const { caches, seats } = world;
  const isNamed = caches.classes
    .list()
    .some(({ spec }) => spec.profiles?.some((ref) => keyOfRef(ref) === key) ?? false);
  const routers = isNamed
    ? caches.routers.list()
    : caches.routers.byIndex('namespace', object.metadata.namespace);
  for (const router of routers) {
    const choice =
      type === 'deleted' || router.metadata.deletionTimestamp !== undefined
        ? undefined
        : choiceOf(object, router, classProfilesOf(world, router), router.status ?? {});
    seats.seatIn(keyOf(router), key, choice !== undefined);
  }
}

function onRouter(world: World, { key, type, object, old }: Change<Router>): void {
  const { caches, controllers, seats } = world;
  if (!seats.isOpen || (caches.profiles.size === 0 && seats.profilesOf(key).length === 0)) return;
  const router = type === 'deleted' ? undefined : object;
  const moved =
    old === undefined || isChosenOtherwise(object, old) || router === undefined
      ? seatRouter(world, key, router)
      : [];
  for (const profile of moved) controllers.profiles.queue.addAfter(profile, GATHER_MS);
  const isNews = old === undefined || saysOtherwise(object, old);
  if (!isNews && object.status?.phase === old.status?.phase) return;
  for (const profile of seats.profilesOf(key)) {
    // Whether routers are there matters to a rollout that is under way, and to nothing that is counted.
    const isDone = caches.profiles.get(profile)?.status?.rollout?.state === 'Done';
    if (isNews || !isDone) controllers.profiles.queue.addAfter(profile, GATHER_MS);
  }
}

function seatRouter(world: World, key: string, router: Router | undefined): string[] {
  const { caches, seats } = world;
  if (router === undefined || router.metadata.deletionTimestamp !== undefined) return seats.seat(key, []);
  const source: ProfileSource = {
    get: (name) => caches.profiles.get(name),
    selecting: (namespace) =>
      caches.profiles.byIndex('namespace', namespace).filter(({ spec }) => spec.selector !== undefined),
  };
  const { chosen } = selectProfiles(router, classProfilesOf(world, router), source, router.status ?? {});
  return seats.seat(
    key,
    chosen.map(({ profile }) => keyOfRef(profile.metadata)),
  );
}

/** By what profiles are chosen: parts of a Router that are alike are one object in the cache. */
const isChosenOtherwise = (now: Router, before: Router): boolean =>
  now.spec !== before.spec ||
  now.metadata.labels !== before.metadata.labels ||
  now.metadata.uid !== before.metadata.uid ||
  now.metadata.deletionTimestamp !== before.metadata.deletionTimestamp ||
  now.status?.tunnel !== before.status?.tunnel ||
  now.status?.model !== before.status?.model ||
  now.status?.version !== before.status?.version;

const saysOtherwise = (now: Router, before: Router): boolean =>
  now.status?.profiles !== before.status?.profiles ||
  now.metadata.uid !== before.metadata.uid ||
  now.spec !== before.spec;

/** Profiles that it names, or did, are for others now, and rolled out otherwise. */
function onClass(world: World, { object, old }: Change<TunnelClass>): void {
  const { caches, controllers, seats } = world;
  if (!seats.isOpen) return;
  if (old !== undefined && rulesOf(object) === rulesOf(old)) return;
  for (const router of caches.routers.list()) seatRouter(world, keyOf(router), router);
  for (const profile of caches.profiles.keys()) controllers.profiles.queue.addAfter(profile, 50);
}

const rulesOf = (tunnelClass: TunnelClass): string => {
  const { profiles = [], rollout } = tunnelClass.spec;
  return JSON.stringify([profiles, rollout, isDefault(tunnelClass)]);
};

/** The routers of a tunnel that has come to be, or to be of another class. */
export function reseatRoutersOf(world: World, tunnel: TenantTunnel): void {
  const { caches, controllers, seats } = world;
  if (!seats.isOpen || !caches.classes.list().some(namesProfiles)) return;
  const routers = [
    ...caches.routers.byIndex('tenant', tenantOf(tunnel)),
    ...caches.routers.byIndex('tunnelRef', keyOf(tunnel)),
  ];
  for (const router of routers) {
    for (const profile of seatRouter(world, keyOf(router), router))
      controllers.profiles.queue.addAfter(profile, GATHER_MS);
  }
}
