/** Configures routers that are connected, some at a time. Keys: Routers, `namespace/name`. */
import { accessObjectName, type Router, type RouterAccess } from '../api/index.ts';
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
import { readAccess } from './handover-parts.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Problem } from './problem.ts';
import type { RouterTurns } from './profiles/turns.ts';
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
/** When a lane is full. */
const LOOK_AGAIN_MS = 500;

export class Configurer {
  readonly controller: Controller;
  readonly #options: ConfigurerOptions;
  /** By the Router's uid. */
  readonly #records = new Map<string, ConfigurationRecord>();
  /** Attempts under way by lane. */
  readonly #busy = new Map<string, number>();

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
    const lanes = [place.tunnel.interfaceName, ...(begun.failures > 0 ? [RETRIES] : [])];
    if (lanes.some((lane) => this.#isFull(lane))) return { requeueAfterMs: LOOK_AGAIN_MS };
    const done = this.#options.turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    for (const lane of lanes) this.#busy.set(lane, (this.#busy.get(lane) ?? 0) + 1);
    try {
      this.#set(key, uid, begun);
      return await this.#attempt(key, router, place, begun, signal);
    } finally {
      done();
      for (const lane of lanes) this.#leave(lane);
    }
  }

  /** Of one tunnel's routers, or of those that failed before, some slots always stay free for the others. */
  #isFull(lane: string): boolean {
    const most = Math.max(1, Math.floor(this.#options.concurrency * (lane === RETRIES ? 0.5 : 0.75)));
    return (this.#busy.get(lane) ?? 0) >= most;
  }

  #leave(lane: string): void {
    const left = (this.#busy.get(lane) ?? 1) - 1;
    if (left > 0) this.#busy.set(lane, left);
    else this.#busy.delete(lane);
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
    const access = this.#access(place);
    const started = now().monotonic;
    const seconds = () => (now().monotonic - started) / 1000;
    if (access === undefined) return this.#failed(key, router, begun, noAccess(place));
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

  #session(
    router: Router,
    { tunnel, peer }: Place,
    access: RouterAccess,
    signal: AbortSignal,
  ): Promise<SessionOutcome> {
    const { sidecar } = this.#options;
    const input: SessionInput = {
      dial: (limited) => sidecar.connect(tunnel.interfaceName, peer.router.address, access.apiPort, limited),
      access,
      revision: this.#records.get(router.metadata.uid)?.revision ?? router.status?.credentials?.revision,
      identity: router.spec.identity ?? router.metadata.name,
      signal,
    };
    return configureRouter(input);
  }

  #access({ tunnel, peer }: Place): RouterAccess | undefined {
    const secret = this.#options.cache.objectsOf(tunnel.interfaceName).access.get(peer.block);
    return secret === undefined ? undefined : readAccess(secret, peer.router.address);
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

function noAccess({ tunnel, peer }: Place): Problem {
  const index = tunnel.desired.handover?.index ?? 0;
  return {
    reason: 'ConfigurationFailed',
    message: `Secret ${accessObjectName(index, peer.block)} has no usable log-in for ${peer.router.address}; the controller writes it again.`,
  };
}

function outcomeOf({ reason }: Problem): 'LoginRefused' | 'RouterUnreachable' | 'ConfigurationFailed' {
  return reason === 'LoginRefused' || reason === 'RouterUnreachable' ? reason : 'ConfigurationFailed';
}
