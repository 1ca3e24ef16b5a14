/** Brings routers to what their profiles ask for, and keeps them so. Keys: Routers, `namespace/name`. */
import { keyOfRef, type Router } from '../../api/index.ts';
import {
  type BackoffOptions,
  backoffMs,
  type Clock,
  Controller,
  type Informer,
  type Logger,
  type ReconcileResult,
} from '../../kube/index.ts';
import {
  Answers,
  type ProfileResult,
  type RouterOsApi,
  runProfiles,
  underUndo,
} from '../../routeros/index.ts';
import type { Moment } from '../connectivity.ts';
import type { Fleet, Place } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import { Lanes } from '../lanes.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { needAccess, openSession } from '../open-session.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { isConfigured, targetOf } from '../target.ts';
import { lanesOf } from './lanes.ts';
import { listenedMenus } from './listened-menus.ts';
import { Listener } from './listener.ts';
import { driftActions, lookOutcome } from './look-outcome.ts';
import { pauseBeforeDriftLook, REST_AFTER_UNDO_MS } from './pace.ts';
import type { ProfileCache } from './profile-cache.ts';
import { failureIn, type ProfileSaying, reportsOf } from './profile-reports.ts';
import { fingerprint, isSettled, type RouterTasks, tasksOf } from './router-tasks.ts';
import { subjectOf } from './subject.ts';
import type { RouterTurns } from './turns.ts';

export interface ProfileKeeperOptions {
  sidecar: Pick<SidecarPort, 'connect'>;
  cache: HandoverCache;
  profiles: ProfileCache;
  fleet: Fleet;
  routers: Informer<Router>;
  turns: RouterTurns;
  metrics: Pick<GatewayMetrics, 'profiles'>;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Routers in work at once. */
  concurrency: number;
  /** How often one is looked at that nothing was changed for, ms. */
  driftMs: number;
  /** What routers of a TenantTunnel connect to, `host:port`. */
  endpointOf: (tenantTunnel: string) => string | undefined;
  /** How many routers are listened to, so that what is changed there is found at once. */
  listenRouters: number;
  /** How long each, ms; for tests. */
  holdMs?: number | undefined;
  /** Ends the listening. */
  signal: AbortSignal;
  clock: Pick<Clock, 'after'>;
  backoff: BackoffOptions;
  /** There is news of this Router. */
  onReport: (router: string) => void;
  /** Something was set on this router. */
  onChanged: (router: string) => void;
}

interface Kept {
  /** Of the last look that came to an end. */
  fingerprint: string;
  /** {@link Link.arrivals} at that time. */
  arrivals: number;
  /** Monotonic ms of the next one. */
  next: number;
  failures: number;
  saying: ProfileSaying | undefined;
  /** Revisions that were undone, and until when they rest, monotonic ms. */
  resting: Map<string, number>;
}

/** Longer than a look with an undo, which has limits of its own. */
const LOOK_LIMIT_MS = 180_000;
/** When the router is spoken to by somebody else, or its tunnel has its share. */
const LOOK_AGAIN_MS = 500;
/** Together with a change, so that what comes with it is one look. */
const GATHER_MS = 200;

export class ProfileKeeper {
  readonly controller: Controller;
  readonly #options: ProfileKeeperOptions;
  /** By the Router's uid. */
  readonly #kept = new Map<string, Kept>();
  readonly #answers = new Answers();
  readonly #lanes = new Lanes();
  readonly listener: Listener;

  constructor(options: ProfileKeeperOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'profiles',
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
      logger: options.logger,
      concurrency: options.concurrency,
      timeoutMs: LOOK_LIMIT_MS,
      backoff: options.backoff,
    });
    this.listener = new Listener({
      ...options,
      places: options.listenRouters,
      open: (key, sessionMs, signal) => this.#openToListen(key, sessionMs, signal),
      onNews: (key, afterMs) => this.#lookSoon(key, afterMs),
    });
    const { profiles, values } = options.profiles;
    profiles.onChange(({ object, old }) => {
      // The counts of a rollout change with each router.
      const asked = (one: typeof object | undefined) =>
        JSON.stringify([
          one?.spec,
          one?.status?.rollout,
          one?.status?.conditions,
          one?.status?.observedGeneration,
        ]);
      if (
        old === undefined ||
        object.metadata.deletionTimestamp !== undefined ||
        asked(old) !== asked(object)
      )
        this.#wakeAll();
    });
    values.onChange(() => this.#wakeAll());
    options.routers.onChange(({ key, type, object, old }) => {
      if (type === 'deleted') {
        this.#kept.delete(object.metadata.uid);
        this.listener.stop(key);
      } else if (concerns(old) !== concerns(object)) this.controller.queue.addAfter(key, GATHER_MS);
    });
  }

  /** What is to be said of a Router's profiles; undefined: what its status says already. */
  saying(uid: string): ProfileSaying | undefined {
    return this.#kept.get(uid)?.saying;
  }

  #wakeAll(): void {
    for (const tunnel of this.#options.fleet.tunnels())
      for (const { router } of tunnel.desired.peers.values())
        this.controller.queue.addAfter(`${router.namespace}/${router.name}`, GATHER_MS);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { now, turns, profiles } = this.#options;
    if (!profiles.profiles.hasSynced || !profiles.values.hasSynced) return { requeueAfterMs: LOOK_AGAIN_MS };
    const target = this.#target(key);
    if (target === undefined) {
      this.listener.stop(key);
      return undefined;
    }
    const { router, place, arrivals } = target;
    const { uid } = router.metadata;
    const known = this.#kept.get(uid);
    const kept = known ?? this.#begin(router, arrivals);
    const tasks = this.#tasks(router, place, kept);
    if (this.#isIdle(router, tasks)) {
      this.listener.stop(key);
      if (known?.saying !== undefined) this.#say(key, known, []);
      return undefined;
    }
    this.#kept.set(uid, kept);
    const asked = fingerprint(tasks);
    // A restarted agent looks at none that has what it shall, before its time.
    if (known === undefined && arrivals === 0 && isSettled(tasks, router)) kept.fingerprint = asked;
    const opensIn = tasks.againAt === undefined ? Number.POSITIVE_INFINITY : tasks.againAt - now().wall;
    const isNew = kept.fingerprint !== asked || kept.arrivals !== arrivals;
    const rest = isNew && kept.failures === 0 ? 0 : kept.next - now().monotonic;
    if (rest > 0) return { requeueAfterMs: Math.min(rest, opensIn) };
    if (tasks.tasks.every(({ mode }) => mode === 'hold') && isSettled(tasks, router)) {
      this.#say(key, kept, tasks.missing);
      this.#done(kept, asked, arrivals);
      this.listener.missed(key);
      return { requeueAfterMs: Math.min(kept.next - now().monotonic, opensIn) };
    }
    const done = turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    const leave = this.#lanes.enter(
      lanesOf({
        interfaceName: place.tunnel.interfaceName,
        concurrency: this.#options.concurrency,
        ofClass: place.tunnel.desired.handover?.profiles?.maxParallel,
        tasks: tasks.tasks,
      }),
    );
    try {
      if (leave === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
      const isAgain = !isNew && kept.failures === 0;
      const pause = await this.#look(key, router, place, arrivals, kept, tasks, isAgain, signal);
      return { requeueAfterMs: Math.min(pause, opensIn) };
    } finally {
      leave?.();
      done();
    }
  }

  /** The Router, when it is here, connected and configured. */
  #target(key: string): { router: Router; place: Place; arrivals: number } | undefined {
    const target = targetOf(this.#options.routers, this.#options.fleet, key);
    if (target === undefined || !isConfigured(target.router)) return undefined;
    const { router, place, link } = target;
    return router.status?.version === undefined ? undefined : { router, place, arrivals: link.arrivals };
  }

  #tasks(router: Router, { tunnel }: Place, { resting }: Kept): RouterTasks {
    const { profiles, now } = this.#options;
    const { model, version } = router.status ?? {};
    return tasksOf({
      router,
      ofClass: tunnel.desired.handover?.profiles,
      cache: profiles,
      facts: { model, version },
      now: now().wall,
      isResting: (profile, revision) => (resting.get(`${profile} ${revision}`) ?? 0) > now().monotonic,
    });
  }

  /** It has no profile, and had none. */
  #isIdle({ status }: Router, { tasks, missing }: RouterTasks): boolean {
    return tasks.length === 0 && missing.length === 0 && (status?.profiles ?? []).length === 0;
  }

  /** As a restarted agent knows it, which must not try at once what was undone. */
  #begin({ status }: Router, arrivals: number): Kept {
    const { now, random } = this.#options;
    const undone = (status?.profiles ?? []).filter(
      ({ state, problems }) => state === 'Failed' && problems?.some(({ reason }) => reason === 'Undone'),
    );
    const until = now().monotonic + REST_AFTER_UNDO_MS;
    return {
      fingerprint: '',
      arrivals,
      next: now().monotonic + this.#pause() * random(),
      failures: 0,
      saying: undefined,
      resting: new Map(undone.map((report) => [`${keyOfRef(report)} ${report.revision}`, until])),
    };
  }

  #done(kept: Kept, asked: string, arrivals: number): void {
    kept.fingerprint = asked;
    kept.arrivals = arrivals;
    kept.failures = 0;
    kept.next = this.#options.now().monotonic + this.#pause();
  }

  #pause(): number {
    const { driftMs, random } = this.#options;
    return pauseBeforeDriftLook(driftMs, this.#kept.size, random());
  }

  /** Returns ms until the next one. */
  async #look(
    key: string,
    router: Router,
    place: Place,
    arrivals: number,
    kept: Kept,
    tasks: RouterTasks,
    /** It had what it should, when it was last looked at. */
    isAgain: boolean,
    signal: AbortSignal,
  ): Promise<number> {
    const { now, logger, random, backoff, onChanged, metrics } = this.#options;
    const { uid } = router.metadata;
    const started = now().monotonic;
    const seconds = () => (now().monotonic - started) / 1000;
    try {
      const result = await this.#run(router, place, tasks, signal);
      for (const { profile, reason } of result.problems) {
        const task = tasks.tasks.find((one) => one.profile === profile);
        if (reason === 'Undone' && task !== undefined)
          kept.resting.set(`${profile} ${task.revision}`, now().monotonic + REST_AFTER_UNDO_MS);
      }
      const reports = reportsOf(tasks.tasks, result);
      metrics.profiles.looked(lookOutcome(result, reports), seconds());
      const foundBy = this.listener.hasNews(key) ? 'listening' : 'looking';
      if (isAgain)
        for (const action of driftActions(result, tasks.tasks, reports))
          metrics.profiles.drifted(action, foundBy);
      kept.saying = { reports, failure: failureIn(reports, tasks.missing) };
      this.#done(kept, fingerprint(this.#tasks(router, place, kept)), arrivals);
      if (result.writes > 0) {
        logger.info({ router: key, writes: result.writes }, 'Changed a router to what its profiles ask for.');
        onChanged(key);
      }
      if (this.#kept.get(uid) !== kept) return 0;
      this.#options.onReport(key);
      const menus = listenedMenus(tasks.tasks);
      this.listener.looked(key, place.tunnel.interfaceName, menus, result.writes);
    } catch (error) {
      if (signal.aborted) throw error;
      this.listener.missed(key);
      metrics.profiles.looked('unreachable', seconds());
      kept.failures += 1;
      kept.next = now().monotonic + backoffMs(kept.failures, backoff, random);
      logger.info(
        { router: key, code: (error as { code?: unknown }).code, failures: kept.failures },
        `Could not look at a router for its profiles: ${error instanceof Error ? error.message : 'unknown'}`,
      );
    }
    return Math.max(0, kept.next - now().monotonic);
  }

  async #run(
    router: Router,
    place: Place,
    { tasks }: RouterTasks,
    signal: AbortSignal,
  ): Promise<ProfileResult> {
    const { tunnel, peer } = place;
    const { address } = peer.router;
    const { handover } = tunnel.desired;
    const { endpointOf } = this.#options;
    const { version = '', model = '' } = router.status ?? {};
    const open = (aborting: AbortSignal) =>
      openSession(this.#options, router, place, LOOK_LIMIT_MS, aborting);
    const { api, revision } = await open(signal);
    const { user, password, next, revision: present = 0 } = needAccess(this.#options.cache, place);
    try {
      return await runProfiles({
        api,
        openAnother: async (aborting) => (await open(aborting)).api,
        underUndo,
        tasks,
        subject: subjectOf(
          router,
          address,
          handover,
          handover && endpointOf(keyOfRef(handover.tenantTunnel)),
        ),
        ours: { user, address },
        version,
        answers: { kept: this.#answers, router: `${router.metadata.uid} ${version} ${model}` },
        key: revision === present ? password : (next ?? password),
        signal,
      });
    } finally {
      api.close();
    }
  }

  /** For {@link Listener}, which tells of changes. */
  async #openToListen(key: string, sessionMs: number, signal: AbortSignal): Promise<RouterOsApi> {
    const target = this.#target(key);
    if (target === undefined) throw new Error('The router is not connected here.');
    return (await openSession(this.#options, target.router, target.place, sessionMs, signal)).api;
  }

  #lookSoon(key: string, afterMs: number): void {
    const { routers, now } = this.#options;
    const kept = this.#kept.get(routers.get(key)?.metadata.uid ?? '');
    // One that cannot be looked at is not looked at more often for it.
    if (kept === undefined || kept.failures > 0) {
      this.listener.missed(key);
      return;
    }
    kept.next = Math.min(kept.next, now().monotonic + afterMs);
    this.controller.queue.addAfter(key, afterMs);
  }

  /** Without having looked. */
  #say(key: string, kept: Kept, missing: readonly string[]): void {
    const { routers, onReport } = this.#options;
    const reports = routers.get(key)?.status?.profiles ?? [];
    const before = kept.saying?.failure?.message;
    kept.saying = { reports, failure: failureIn(reports, missing) };
    if (kept.saying.failure?.message !== before) onReport(key);
  }
}

/** What of a Router decides about its profiles, apart from what is said of them. */
const concerns = (router: Router | undefined): string =>
  JSON.stringify([
    router?.metadata.labels,
    router?.metadata.generation,
    router?.status?.phase,
    router?.status?.model,
    router?.status?.version,
  ]);
