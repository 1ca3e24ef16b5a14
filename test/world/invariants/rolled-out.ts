/** 10. Rollouts: what has its turn and nothing else is touched, a stopped one stays stopped, and all of it is said truly. */
import { isLive } from '../../../src/allocation/index.ts';
import {
  ANNOTATION_RESUME,
  type ClassProfiles,
  inWave,
  type ProfileReport,
  profileRevision,
  ROUTER_PROFILES,
  ROUTERS,
  type RolloutStatus,
  type Router,
  type RouterProfile,
  readValueVersions,
  reportOf,
  secretsOf,
  selectProfiles,
  TENANT_TUNNELS,
  TUNNEL_CLASSES,
  valueDataKey,
  valuesObjectName,
} from '../../../src/api/index.ts';
import {
  classOfProfile,
  countOf,
  rolloutSettings,
} from '../../../src/controller/profiles/rollout-settings.ts';
import { findCondition, keyOf, secrets } from '../../../src/kube/index.ts';
import type { ApiServer, Change } from '../api/server.ts';
import { GATEWAYS } from '../crew.ts';
import type { Picture } from '../picture.ts';
import { sourceOf } from '../profiles-agent.ts';
import { Violation } from '../violation.ts';
import { tenantOf } from './admitted.ts';
import type { Scene } from './served.ts';

const broken = (message: string): Violation => new Violation('10 rollouts', message);

/** Longer than a cache may be behind, and shorter than a stage bakes, ms. */
const SEEN_MS = 30_000;

/** Watches each write of a RouterProfile's and a Router's status. */
export class Rollouts {
  readonly #server: ApiServer;
  readonly #now: () => number;
  /** Rollouts as they were ever told, by name: a router may have been told of a profile that was made again meanwhile. */
  readonly #told = new Map<string, RolloutStatus[]>();
  /** When a router said that a revision failed, by uid of the router and revision. */
  readonly #failures = new Map<string, number>();

  constructor(server: ApiServer, now: () => number) {
    this.#server = server;
    this.#now = now;
  }

  see({ plural, before, after, by }: Change): void {
    if (after === undefined || by === 'people') return;
    if (plural === 'routerprofiles')
      this.#profile(before as RouterProfile | undefined, after as RouterProfile);
    if (plural === 'routers') this.#router(before as Router | undefined, after as Router);
  }

  #profile(before: RouterProfile | undefined, after: RouterProfile): void {
    const now = after.status?.rollout;
    if (now === undefined) return;
    const last = before?.status?.rollout;
    const name = keyOf(after);
    this.#told.set(name, [...(this.#told.get(name) ?? []), now]);
    const isWider = now.classes?.some((one) => !last?.classes?.includes(one)) ?? false;
    const isSame = last?.revision === now.revision && last.selector === now.selector && !isWider;
    if (!isSame) {
      const isStopped = last?.state === 'Stopped' && last.revision === now.revision;
      if (isStopped && !isResumed(after, last)) throw broken(`${name} began anew although it had stopped`);
      return;
    }
    if (now.share < last.share) throw broken(`${name} went back from ${last.share} to ${now.share}`);
    if (now.stage < last.stage) throw broken(`${name} went back to stage ${now.stage}`);
    if (last.state === 'Done' && now.state !== 'Done') throw broken(`${name} was done, and is ${now.state}`);
    if (last.state === 'Stopped' && now.state !== 'Stopped' && !isResumed(after, last))
      throw broken(`${name} went on by itself after it had stopped`);
    if (now.stage > last.stage && last.stage > 0) this.#mayAdvance(after, last, now);
    this.#canaries(after, now);
  }

  /** What failed of the stage before can be no news any more. */
  #mayAdvance(profile: RouterProfile, last: RolloutStatus, next: RolloutStatus): void {
    const isWatched =
      last.state === 'Baking' && Date.parse(next.stageAt) >= Date.parse(last.continuesAt ?? '');
    if (!isWatched) throw broken(`${keyOf(profile)} left stage ${last.stage} before it was watched`);
    const seen = this.#now() - SEEN_MS;
    const routers = this.#server.all(ROUTERS);
    const failed = routers.filter(({ metadata, status }) => {
      const report = reportOf(status?.profiles, profile);
      const at = this.#failures.get(`${metadata.uid} ${last.revision}`);
      return report?.revision === last.revision && report.state === 'Failed' && at !== undefined && at < seen;
    }).length;
    const wave = routers.filter(({ metadata }) => inWave(metadata.uid, last)).length;
    const { maxFailures } = this.#settings(profile);
    if (failed - (last.forgiven ?? 0) > countOf(maxFailures, wave + failed))
      throw broken(`${keyOf(profile)} left stage ${last.stage} although ${failed} had failed`);
  }

  #canaries(profile: RouterProfile, { stage, share, canaries = [] }: RolloutStatus): void {
    const amount = this.#settings(profile).stages[stage - 1]?.amount;
    if (share > 0 || amount === undefined || !('routers' in amount)) return;
    if (canaries.length > 3 * amount.routers)
      throw broken(`${keyOf(profile)} used up ${canaries.length} canaries for ${amount.routers}`);
  }

  #settings(profile: RouterProfile) {
    const classes = this.#server.all(TUNNEL_CLASSES);
    return rolloutSettings(profile, classOfProfile(profile, classes)?.spec.rollout);
  }

  #router(before: Router | undefined, { metadata, status }: Router): void {
    for (const report of status?.profiles ?? []) {
      const { namespace, name, revision, state } = report;
      const known = before?.status?.profiles?.find((one) => same(one, report));
      if (known?.state === state && known.revision === revision) continue;
      if (state === 'Failed') this.#failures.set(`${metadata.uid} ${revision}`, this.#now());
      if (state === 'Planned') continue;
      const told = this.#told.get(`${namespace}/${name}`) ?? [];
      const hadItsTurn = told.some((one) => one.revision === revision && inWave(metadata.uid, one));
      if (!hadItsTurn) throw broken(`${metadata.name} was changed to ${revision} of ${name} before its turn`);
    }
  }
}

const same = (one: ProfileReport, other: ProfileReport): boolean =>
  one.namespace === other.namespace && one.name === other.name;

const isResumed = ({ metadata }: RouterProfile, stopped: RolloutStatus): boolean =>
  metadata.generation !== stopped.generation ||
  (metadata.annotations?.[ANNOTATION_RESUME] ?? '') !== (stopped.resumed ?? '');

/** When all is quiet: counts, conditions and copies of values are what is so. */
export function profilesAreServed({ server, picture, cursed }: Scene): void {
  for (const profile of server.all(ROUTER_PROFILES)) {
    const key = keyOf(profile);
    if (cursed.has(`apply routerprofiles/status ${key}`)) continue;
    isSaid(profile, server, picture, cursed);
  }
  copiesAreExact(server, cursed);
}

function isSaid(
  profile: RouterProfile,
  server: ApiServer,
  picture: Picture,
  cursed: ReadonlySet<string>,
): void {
  const { metadata, status } = profile;
  const key = keyOf(profile);
  const condition = (type: string) => findCondition(status?.conditions, type);
  if (status?.observedGeneration !== metadata.generation || condition('Ready') === undefined)
    throw broken(`${key} waits: ${JSON.stringify(status)}`);
  const copy = server.peek(secrets, `${GATEWAYS}/${valuesObjectName(metadata.namespace)}`);
  const revision = profileRevision(profile, readValueVersions(copy));
  if (status.revision !== revision) throw broken(`${key} says revision ${status.revision}, not ${revision}`);
  const refs = secretsOf(profile.spec);
  const is = (secret: string) => `${metadata.namespace}/${secret}`;
  const first = refs.find(
    ({ secret, key: name }) =>
      cursed.has(`get secrets ${is(secret)}`) || server.peek(secrets, is(secret))?.data?.[name] === undefined,
  );
  const expected =
    first === undefined
      ? 'Accepted'
      : cursed.has(`get secrets ${is(first.secret)}`)
        ? 'SecretUnreadable'
        : 'SecretNotFound';
  if (condition('Accepted')?.reason !== expected)
    throw broken(`${key} is ${condition('Accepted')?.reason}, not ${expected}`);
  const routers = server.all(ROUTERS).filter((router) => {
    if (router.metadata.deletionTimestamp !== undefined) return false;
    const { chosen } = selectProfiles(router, givenClass(server, picture, router), sourceOf(server), {});
    return chosen.some((one) => keyOf(one.profile) === key);
  });
  const having = (state: string) =>
    routers.filter(({ status: of }) => {
      const report = reportOf(of?.profiles, profile);
      return report?.revision === revision && report.state === state;
    }).length;
  const applied = having('Applied') + having('Planned');
  const counts = JSON.stringify([routers.length, applied, having('Failed')]);
  const { selected, applied: told, failed } = status.routers ?? {};
  if (JSON.stringify([selected, told, failed]) !== counts)
    throw broken(`${key} counts ${JSON.stringify(status.routers)}, not ${counts}`);
  goesOnOrSaysWhy(profile, routers, revision, cursed);
}

/** Also of a tunnel that lies on no node, so that no agent knows of it. */
function givenClass(server: ApiServer, picture: Picture, { status }: Router): ClassProfiles | undefined {
  const tunnel = server.peek(TENANT_TUNNELS, status?.tunnel ?? '');
  const entry = [...picture.tunnels.values()].find(
    (one) => isLive(one) && tunnel !== undefined && one.tenant === tenantOf(tunnel),
  );
  const tunnelClass = entry && server.peek(TUNNEL_CLASSES, entry.className);
  return tunnelClass && { class: tunnelClass.metadata.name, profiles: tunnelClass.spec.profiles ?? [] };
}

const HELD = new Set(['RolloutPaused', 'RolloutStopped', 'AwaitingRouters', 'RoutersLost', 'DryRun']);

function goesOnOrSaysWhy(
  profile: RouterProfile,
  routers: readonly Router[],
  revision: string,
  cursed: ReadonlySet<string>,
): void {
  const { status, spec } = profile;
  const key = keyOf(profile);
  const progressing = findCondition(status?.conditions, 'Progressing');
  const accepted = findCondition(status?.conditions, 'Accepted');
  if (accepted?.status !== 'True' || spec.dryRun || status?.rollout?.state === 'Done') return;
  if (HELD.has(progressing?.reason ?? '')) return;
  const awaited = routers.some(
    (router) =>
      router.status?.phase === 'Online' &&
      reportOf(router.status.profiles, profile)?.revision !== revision &&
      // Its gateway has no way to it, or to tell of it.
      (cursed.has(`apply routers/status ${keyOf(router)}`) || progressing?.message.includes(keyOf(router))),
  );
  if (!awaited) throw broken(`${key} stands still: ${progressing?.reason}: ${progressing?.message}`);
}

function copiesAreExact(server: ApiServer, cursed: ReadonlySet<string>): void {
  const wanted = new Map<string, Record<string, string>>();
  for (const { metadata, spec } of server.all(ROUTER_PROFILES)) {
    if (metadata.deletionTimestamp !== undefined) continue;
    for (const { secret, key } of secretsOf(spec)) {
      const name = `${metadata.namespace}/${secret}`;
      const value = cursed.has(`get secrets ${name}`) ? undefined : server.peek(secrets, name)?.data?.[key];
      if (value === undefined) continue;
      const copy = valuesObjectName(metadata.namespace);
      wanted.set(copy, { ...wanted.get(copy), [valueDataKey(secret, key)]: value });
    }
  }
  for (const { metadata, data = {} } of server.all(secrets)) {
    if (metadata.namespace !== GATEWAYS || !metadata.name.startsWith(valuesObjectName(''))) continue;
    const [is, should] = [data, wanted.get(metadata.name)].map((one) =>
      JSON.stringify(Object.entries(one ?? {}).sort()),
    );
    if (is !== should) throw broken(`${metadata.name} holds ${is}, and should ${should}`);
    wanted.delete(metadata.name);
  }
  for (const name of wanted.keys()) throw broken(`${name} is missing`);
}
