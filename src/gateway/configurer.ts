/** Configures routers that are connected, some at a time. Keys: Routers, `namespace/name`. */
import type { Router, RouterAccess } from '../api/index.ts';
import {
  type BackoffOptions,
  backoffMs,
  Controller,
  type Informer,
  type Logger,
  type ReconcileResult,
} from '../kube/index.ts';
import {
  attemptFailed,
  attemptSucceeded,
  beginAttempt,
  type ConfigurationRecord,
  restBefore,
} from './configuration-record.ts';
import { configureRouter, type SessionInput, type SessionOutcome } from './configuration-session.ts';
import type { Moment } from './connectivity.ts';
import type { Fleet, Place } from './fleet.ts';
import type { HandoverCache } from './handover-cache.ts';
import { Lanes, partOf, TUNNEL_PART } from './lanes.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Problem } from './problem.ts';
import type { RouterTurns } from './profiles/turns.ts';
import { accessOf, dialTo, noLogIn } from './router-access.ts';
import { failureOf } from './router-failure.ts';
import { configurationNeed } from './router-plan.ts';
import type { SidecarPort } from './sidecar-health.ts';

export interface ConfigurerOptions {
  sidecar: SidecarPort;
  cache: HandoverCache;
  fleet: Fleet;
  routers: Informer<Router>;
  metrics: GatewayMetrics;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Nobody else of ours may speak to the router meanwhile. */
  turns: RouterTurns;
  /** Routers in work at once. */
  concurrency: number;
  backoff: BackoffOptions;
  /** There is news of this Router. */
  onRecord: (router: string) => void;
}

/** Longer than a session with its connect, which have limits of their own. */
const ATTEMPT_LIMIT_MS = 35_000;
/** The lane of all that failed before; no interface has this name. */
const RETRIES = 'retries';
const RETRIES_PART = 0.5;
/** When a lane is full. */
const LOOK_AGAIN_MS = 500;

export class Configurer {
  readonly controller: Controller;
  readonly #options: ConfigurerOptions;
  /** By the Router's uid. */
  readonly #records = new Map<string, ConfigurationRecord>();
  readonly #lanes = new Lanes();

  constructor(options: ConfigurerOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'configuration',
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
      logger: options.logger,
      concurrency: options.concurrency,
      timeoutMs: ATTEMPT_LIMIT_MS,
      backoff: options.backoff,
    });
  }

  record(uid: string): ConfigurationRecord | undefined {
    return this.#records.get(uid);
  }

  /** What the router said is in its status now, and need not be kept here. */
  factsWritten(uid: string): void {
    const record = this.#records.get(uid);
    if (record?.state === 'done') this.#records.set(uid, { ...record, facts: undefined });
  }

  forget(uid: string): void {
    this.#records.delete(uid);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { now } = this.#options;
    const target = this.#target(key);
    if (target === undefined) return undefined;
    const { router, place, arrivals } = target;
    const { uid, generation } = router.metadata;
    const known = this.#records.get(uid);
    const round = { generation, arrivals };
    const wait = restBefore(known, round, now().monotonic);
    if (wait > 0) return { requeueAfterMs: wait };
    const begun = beginAttempt(known, round, now().monotonic);
    const done = this.#options.turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    const leave = this.#lanes.enter(this.#lanesOf(place, begun));
    try {
      if (leave === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
      this.#set(key, uid, begun);
      return await this.#attempt(key, router, place, begun, signal);
    } finally {
      leave?.();
      done();
    }
  }

  /** Lane → how many it has room for: the router's tunnel, and those that failed before. */
  #lanesOf({ tunnel }: Place, { failures }: ConfigurationRecord): Map<string, number> {
    const { concurrency } = this.#options;
    const lanes = new Map([[tunnel.interfaceName, partOf(concurrency, TUNNEL_PART)]]);
    if (failures > 0) lanes.set(RETRIES, partOf(concurrency, RETRIES_PART));
    return lanes;
  }

  /** The Router, when it is here, connected, and in need. */
  #target(key: string): { router: Router; place: Place; arrivals: number } | undefined {
    const { routers, fleet } = this.#options;
    const router = routers.get(key);
    const place = fleet.place(key);
    if (router === undefined || place === undefined || place.peer.router.uid !== router.metadata.uid) {
      return undefined;
    }
    const link = place.tunnel.links.get(place.peer.router.publicKey);
    if (link === undefined) return undefined;
    const need = configurationNeed(router, link, this.#records.get(router.metadata.uid), place.peer.due);
    return need === 'none' ? undefined : { router, place, arrivals: link.arrivals };
  }

  async #attempt(
    key: string,
    router: Router,
    place: Place,
    begun: ConfigurationRecord,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { metrics, now } = this.#options;
    const access = accessOf(this.#options.cache, place);
    const started = now().monotonic;
    const seconds = () => (now().monotonic - started) / 1000;
    if (access === undefined) {
      const failure: Problem = {
        reason: 'ConfigurationFailed',
        message: `${noLogIn(place)}; the controller writes it again.`,
      };
      return this.#failed(key, router, begun, failure);
    }
    try {
      const outcome = await this.#session(router, place, access, signal);
      metrics.configured('configured', seconds());
      this.#set(key, router.metadata.uid, attemptSucceeded(begun, outcome, now().wall));
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      const failure = failureOf(error, access);
      metrics.configured(failure === undefined ? 'interrupted' : outcomeOf(failure), seconds());
      this.#options.logger.info(
        { router: key, code: (error as { code?: unknown }).code, failures: begun.failures + 1 },
        `Could not configure a router: ${error instanceof Error ? error.message : 'unknown'}`,
      );
      return this.#failed(key, router, begun, failure);
    }
  }

  #session(router: Router, place: Place, access: RouterAccess, signal: AbortSignal): Promise<SessionOutcome> {
    const input: SessionInput = {
      dial: dialTo(this.#options.sidecar, place, access),
      access,
      revision: this.#records.get(router.metadata.uid)?.revision ?? router.status?.credentials?.revision,
      identity: router.spec.identity ?? router.metadata.name,
      signal,
    };
    return configureRouter(input);
  }

  #failed(
    key: string,
    router: Router,
    begun: ConfigurationRecord,
    failure: Problem | undefined,
  ): ReconcileResult {
    const { now, backoff, random } = this.#options;
    const wait = backoffMs(begun.failures + 1, backoff, random);
    // Not the router's fault: the same attempt once more, and nothing to tell.
    const record =
      failure === undefined
        ? { ...begun, state: 'failed' as const, notBefore: now().monotonic + wait }
        : attemptFailed(begun, failure, now().monotonic + wait);
    this.#set(key, router.metadata.uid, record);
    return { requeueAfterMs: wait };
  }

  #set(key: string, uid: string, record: ConfigurationRecord): void {
    const { fleet, onRecord } = this.#options;
    // It may have been taken off meanwhile, and then nobody would forget the record.
    if (fleet.place(key)?.peer.router.uid !== uid) return;
    this.#records.set(uid, record);
    onRecord(key);
  }
}

function outcomeOf({ reason }: Problem): 'LoginRefused' | 'RouterUnreachable' | 'ConfigurationFailed' {
  return reason === 'LoginRefused' || reason === 'RouterUnreachable' ? reason : 'ConfigurationFailed';
}
