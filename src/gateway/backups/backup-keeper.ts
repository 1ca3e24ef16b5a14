/** Keeps the configurations of routers whose class asks for it. Keys: Routers, `namespace/name`. */
import type { Router, RouterAccess, TunnelHandover } from '../../api/index.ts';
import {
  type BackoffOptions,
  backoffMs,
  Controller,
  findCondition,
  type Informer,
  isApiError,
  type KubeApi,
  type Logger,
  type ReconcileResult,
  secrets,
} from '../../kube/index.ts';
import { askExport } from '../../routeros/index.ts';
import type { Moment } from '../connectivity.ts';
import type { Fleet, Place } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import { logIn } from '../log-in.ts';
import type { Problem } from '../problem.ts';
import type { RouterTurns } from '../profiles/turns.ts';
import { accessOf, dialTo } from '../router-access.ts';
import type { SaidCondition } from '../router-sayings.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { backupSecret } from './backup-secret.ts';
import { backupFailure, tooLarge } from './failure.ts';
import { type BackupSaying, backupCondition } from './saying.ts';
import { AFTER_CHANGE_MS, LEAST_MS, nextTurn } from './schedule.ts';

export type BackupOutcome = 'kept' | 'unchanged' | 'failed';

export interface BackupKeeperOptions {
  client: Pick<KubeApi, 'create'>;
  /** Of the backups. */
  namespace: string;
  sidecar: Pick<SidecarPort, 'connect'>;
  cache: Pick<HandoverCache, 'accessSecret'>;
  fleet: Pick<Fleet, 'place'>;
  routers: Informer<Router>;
  turns: RouterTurns;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
  onOutcome: (outcome: BackupOutcome, seconds: number) => void;
  /** There is news of this Router. */
  onReport: (router: string) => void;
  /** Shortest times, ms; for tests. */
  times?: Partial<Times>;
}

interface Times {
  afterChangeMs: number;
  leastMs: number;
  backoff: BackoffOptions;
}

interface Kept {
  /** When it is asked next, ms since 1970. */
  next: number;
  /** Of the last one, also one that failed. */
  last: number;
  failures: number;
  saying: BackupSaying;
}

/** Each is some 256 KiB at the most for some seconds. */
const AT_ONCE = 4;
const SESSION_MS = 90_000;
const LIMIT_MS = 120_000;
/** While somebody else of ours speaks to the router. */
const LOOK_AGAIN_MS = 2_000;
/** A failure of the router is told from this one on: links go, routers restart. */
const TOLERATED = 2;
/** As the class's schema has it. */
const MOST_HOURS = 720;
const TIMES: Times = {
  afterChangeMs: AFTER_CHANGE_MS,
  leastMs: LEAST_MS,
  backoff: { baseMs: 60_000, maxMs: 3_600_000 },
};

export class BackupKeeper {
  readonly controller: Controller;
  readonly #options: BackupKeeperOptions;
  readonly #times: Times;
  /** By the Router's uid. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: BackupKeeperOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.controller = new Controller({
      name: 'backups',
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
      logger: options.logger,
      concurrency: AT_ONCE,
      timeoutMs: LIMIT_MS,
      backoff: this.#times.backoff,
    });
    options.routers.onChange(({ key, type, object, old }) => {
      if (type === 'deleted') this.#kept.delete(object.metadata.uid);
      else if (old?.status?.phase !== object.status?.phase) this.controller.enqueue(key);
    });
  }

  /** The condition BackedUp as it is to be; undefined: none. */
  condition(router: Router, { tunnel }: Place): SaidCondition | undefined {
    const { handover } = tunnel.desired;
    const known = this.#kept.get(router.metadata.uid)?.saying;
    const saying = handover !== undefined && hoursOf(handover) === undefined ? 'none' : known;
    return backupCondition(router, saying, this.#options.namespace);
  }

  /** We have changed something on the router. */
  changed(key: string): void {
    const target = this.#target(key);
    const kept = target && this.#kept.get(target.router.metadata.uid);
    if (kept === undefined) return;
    const { afterChangeMs, leastMs } = this.#times;
    const { wall } = this.#options.now();
    kept.next = Math.min(kept.next, Math.max(wall + afterChangeMs, kept.last + leastMs));
    this.controller.enqueue(key);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const target = this.#target(key);
    if (target === undefined) return undefined;
    const { router, place, everyHours } = target;
    const { uid } = router.metadata;
    const { now, turns } = this.#options;
    const kept = this.#kept.get(uid) ?? this.#begin(router, everyHours);
    this.#kept.set(uid, kept);
    const rest = kept.next - now().wall;
    if (rest > 0) return { requeueAfterMs: rest };
    const done = turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    try {
      await this.#look(key, router, place, kept, everyHours, signal);
    } finally {
      done();
    }
    return { requeueAfterMs: Math.max(1, kept.next - now().wall) };
  }

  /** The Router, when it is here, Online, and its class asks for it. */
  #target(key: string): { router: Router; place: Place; everyHours: number } | undefined {
    const { routers, fleet } = this.#options;
    const router = routers.get(key);
    const place = fleet.place(key);
    if (router === undefined || place?.peer.router.uid !== router.metadata.uid) return undefined;
    const { handover } = place.tunnel.desired;
    const everyHours = handover && hoursOf(handover);
    const { spec, status, metadata } = router;
    const isUp = status?.phase === 'Online' && spec.autoConfiguration.enabled && !spec.suspended;
    if (everyHours === undefined || !isUp || metadata.deletionTimestamp !== undefined) return undefined;
    return { router, place, everyHours };
  }

  /** One that was asked before waits for its turn, also after a restart of this agent. */
  #begin({ metadata, status }: Router, everyHours: number): Kept {
    const { wall } = this.#options.now();
    const before = findCondition(status?.conditions, 'BackedUp');
    const next = before?.status === 'True' ? nextTurn(metadata.uid, everyHours, wall) : wall;
    return { next, last: Number.NEGATIVE_INFINITY, failures: 0, saying: undefined };
  }

  async #look(
    key: string,
    { metadata, status }: Router,
    place: Place,
    kept: Kept,
    everyHours: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { now, random, logger, onOutcome, onReport, mayWrite, namespace } = this.#options;
    const access = accessOf(this.#options.cache, place);
    if (access === undefined || !(await mayWrite())) return this.#again(kept);
    const started = now().monotonic;
    kept.last = now().wall;
    let outcome: BackupOutcome | undefined;
    let failure: Problem | undefined;
    try {
      outcome = await this.#keep(metadata, place, access, status?.credentials?.revision, signal);
      if (outcome === 'failed') failure = tooLarge;
    } catch (error) {
      if (signal.aborted) throw error;
      failure = backupFailure(error, access, namespace);
      const code = (error as { code?: unknown }).code;
      const said = error instanceof Error ? error.message : 'unknown';
      logger.info({ router: key, code }, `Could not keep the configuration of a router: ${said}`);
    }
    onOutcome(outcome ?? 'failed', (now().monotonic - started) / 1000);
    if (this.#kept.get(metadata.uid) !== kept) return;
    const isDone = outcome !== undefined;
    kept.failures = isDone ? 0 : kept.failures + 1;
    kept.next = isDone
      ? nextTurn(metadata.uid, everyHours, now().wall)
      : now().wall + backoffMs(kept.failures, this.#times.backoff, random);
    const isTold = failure === undefined ? isDone : isDone || kept.failures > TOLERATED || isRefusal(failure);
    if (!isTold) return;
    kept.saying = failure ?? 'kept';
    onReport(key);
  }

  #again(kept: Kept): void {
    kept.next = this.#options.now().wall + LOOK_AGAIN_MS;
  }

  async #keep(
    { namespace: owner, name }: Router['metadata'],
    place: Place,
    access: RouterAccess,
    revision: number | undefined,
    signal: AbortSignal,
  ): Promise<BackupOutcome> {
    const { sidecar, client, namespace, mayWrite } = this.#options;
    const dial = dialTo(sidecar, place, access);
    const { api } = await logIn({ dial, access, revision, sessionMs: SESSION_MS, signal });
    const { password, next = '', presharedKey = '' } = access;
    const said = await askExport(api, [password, next, presharedKey], { signal }).finally(() => api.close());
    const secret = await backupSecret(namespace, { namespace: owner, name }, said);
    if (secret === undefined) return 'failed';
    // Asking may have taken a minute, in which another took over the node.
    if (!(await mayWrite())) throw new Error('This agent does not speak for its node any more.');
    try {
      await client.create(secrets, secret, { signal });
      return 'kept';
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) return 'unchanged';
      throw error;
    }
  }
}

/** An object that somebody has edited may say anything. */
function hoursOf({ backup }: Pick<TunnelHandover, 'backup'>): number | undefined {
  const hours: unknown = backup?.everyHours;
  return typeof hours === 'number' && hours >= 1 && hours <= MOST_HOURS ? hours : undefined;
}

/** Nothing that goes away by itself soon. */
const isRefusal = ({ reason }: Problem): boolean => reason !== 'BackupFailed';
