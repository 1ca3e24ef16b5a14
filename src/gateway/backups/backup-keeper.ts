/** Keeps the configurations of routers whose class asks for it. Keys: Routers, `namespace/name`. */
import type { Router, TunnelHandover } from '../../api/index.ts';
import {
  type BackoffOptions,
  backoffMs,
  Controller,
  findCondition,
  type Informer,
  type Logger,
  type ReconcileResult,
} from '../../kube/index.ts';
import type { Moment } from '../connectivity.ts';
import type { Fleet, Place } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import type { Problem } from '../problem.ts';
import type { RouterTurns } from '../profiles/turns.ts';
import { accessOf } from '../router-access.ts';
import type { SaidCondition } from '../router-sayings.ts';
import { backupFailure, tooLarge } from './failure.ts';
import { type BackupSaying, backupCondition } from './saying.ts';
import { AFTER_CHANGE_MS, LEAST_MS, nextTurn } from './schedule.ts';
import { type BackupOutcome, type TakenFrom, type TakeOptions, takeBackup } from './take-backup.ts';

export interface BackupKeeperOptions extends TakeOptions {
  cache: Pick<HandoverCache, 'accessSecret'>;
  fleet: Pick<Fleet, 'place'>;
  routers: Informer<Router>;
  turns: RouterTurns;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  onOutcome: (outcome: BackupOutcome | 'failed', seconds: number) => void;
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
  everyHours: number;
  /** When it is asked next, ms since 1970. */
  next: number;
  /** Of the last one, also one that failed. */
  last: number;
  failures: number;
  saying: BackupSaying;
}

/** Each is some 256 KiB at the most for some seconds. */
const AT_ONCE = 4;
/** Longer than a session, which has a limit of its own. */
const LIMIT_MS = 120_000;
/** While somebody else of ours speaks to the router. */
const LOOK_AGAIN_MS = 2_000;
/** While it has no log-in here, or this agent does not speak for its node. */
const LATER_MS = 60_000;
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
  condition(router: Router, place: Place): SaidCondition | undefined {
    const saying = isOff(place) ? 'none' : this.#kept.get(router.metadata.uid)?.saying;
    return backupCondition(router, saying, this.#options.namespace);
  }

  /** We have changed something on the router. */
  changed(key: string): void {
    const kept = this.#kept.get(this.#options.routers.get(key)?.metadata.uid ?? '');
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
    if (kept.everyHours !== everyHours && kept.failures === 0)
      kept.next = Math.min(kept.next, nextTurn(uid, everyHours, now().wall));
    kept.everyHours = everyHours;
    const rest = kept.next - now().wall;
    if (rest > 0) return { requeueAfterMs: rest };
    const done = turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    try {
      await this.#look(key, router, place, kept, signal);
    } finally {
      done();
    }
    return { requeueAfterMs: Math.max(1, kept.next - now().wall) };
  }

  /** The Router, when it is here, Online, and its class asks for it. */
  #target(key: string): { router: Router; place: Place; everyHours: number } | undefined {
    const { routers, fleet, onReport } = this.#options;
    const router = routers.get(key);
    const place = fleet.place(key);
    if (router === undefined || place?.peer.router.uid !== router.metadata.uid) return undefined;
    const { spec, status, metadata } = router;
    // Its class asks no more: nobody else would take back what is said.
    if (isOff(place) && findCondition(status?.conditions, 'BackedUp') !== undefined) onReport(key);
    const everyHours = hoursOf(place);
    const isUp = status?.phase === 'Online' && spec.autoConfiguration.enabled && !spec.suspended;
    if (everyHours === undefined || !isUp || metadata.deletionTimestamp !== undefined) return undefined;
    return { router, place, everyHours };
  }

  /** One that was asked before waits for its turn, also after a restart of this agent. */
  #begin({ metadata, status }: Router, everyHours: number): Kept {
    const { wall } = this.#options.now();
    const before = findCondition(status?.conditions, 'BackedUp');
    const next = before?.status === 'True' ? nextTurn(metadata.uid, everyHours, wall) : wall;
    return { everyHours, next, last: Number.NEGATIVE_INFINITY, failures: 0, saying: undefined };
  }

  async #look(key: string, router: Router, place: Place, kept: Kept, signal: AbortSignal): Promise<void> {
    const { now, onOutcome, mayWrite } = this.#options;
    const access = accessOf(this.#options.cache, place);
    if (access === undefined || !(await mayWrite())) {
      kept.next = now().wall + LATER_MS;
      return;
    }
    const started = now().monotonic;
    kept.last = now().wall;
    const from: TakenFrom = { place, access, revision: router.status?.credentials?.revision };
    const taken = await this.#take(key, from, signal);
    onOutcome(taken.outcome ?? 'failed', (now().monotonic - started) / 1000);
    if (this.#kept.get(router.metadata.uid) === kept) this.#note(key, router, kept, taken);
  }

  async #take(key: string, from: TakenFrom, signal: AbortSignal): Promise<Taken> {
    const { namespace, logger } = this.#options;
    try {
      const outcome = await takeBackup(this.#options, from, signal);
      return { outcome, failure: outcome === 'tooLarge' ? tooLarge : undefined };
    } catch (error) {
      if (signal.aborted) throw error;
      const code = (error as { code?: unknown }).code;
      const said = error instanceof Error ? error.message : 'unknown';
      logger.info({ router: key, code }, `Could not keep the configuration of a router: ${said}`);
      return { outcome: undefined, failure: backupFailure(error, from.access, namespace) };
    }
  }

  #note(key: string, { metadata }: Router, kept: Kept, { outcome, failure }: Taken): void {
    const { now, random, onReport } = this.#options;
    const { wall } = now();
    const isDone = outcome !== undefined;
    kept.failures = isDone ? 0 : kept.failures + 1;
    kept.next = isDone
      ? nextTurn(metadata.uid, kept.everyHours, wall)
      : wall + backoffMs(kept.failures, this.#times.backoff, random);
    const isLasting = failure !== undefined && failure.reason !== 'BackupFailed';
    if (!isDone && (failure === undefined || (!isLasting && kept.failures <= TOLERATED))) return;
    kept.saying = failure ?? 'kept';
    onReport(key);
  }
}

interface Taken {
  /** Absent where it failed. */
  outcome: BackupOutcome | undefined;
  /** What is to be said; absent where it is nobody's fault here. */
  failure: Problem | undefined;
}

/** An object that somebody has edited may say anything. */
function hoursOf({ tunnel }: Place): number | undefined {
  const backup: TunnelHandover['backup'] = tunnel.desired.handover?.backup;
  const hours: unknown = backup?.everyHours;
  return typeof hours === 'number' && hours >= 1 && hours <= MOST_HOURS ? hours : undefined;
}

const isOff = (place: Place): boolean =>
  place.tunnel.desired.handover !== undefined && hoursOf(place) === undefined;
