/** Sees to it that routers have WireGuard keys that no script ever held. Keys: Routers, `namespace/name`. */
import { isDeepStrictEqual } from 'node:util';
import type { Router } from '../../api/index.ts';
import {
  type BackoffOptions,
  backoffMs,
  Controller,
  type EventRecorder,
  type Informer,
  type Logger,
  type ReconcileResult,
  refOf,
} from '../../kube/index.ts';
import { RouterOsError } from '../../routeros/index.ts';
import type { Moment } from '../connectivity.ts';
import { type Fleet, type Place, routerKey, type Tunnel } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import { Lanes, partOf, TUNNEL_PART } from '../lanes.ts';
import { openSession } from '../open-session.ts';
import type { RouterTurns } from '../profiles/turns.ts';
import type { SidecarPort } from '../sidecar-health.ts';
import { isConfigured, targetOf } from '../target.ts';
import { changeKey } from './key-session.ts';
import { type KeySaying, type KeyStep, keyStep } from './key-step.ts';

export interface KeyKeeperOptions {
  sidecar: Pick<SidecarPort, 'connect'>;
  cache: HandoverCache;
  fleet: Fleet;
  routers: Informer<Router>;
  turns: RouterTurns;
  recorder: Pick<EventRecorder, 'record'>;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Routers in work at once. */
  concurrency: number;
  /** After an attempt that failed, which may have cut the router off for a minute. */
  backoff: BackoffOptions;
  /** A router is about to come with another key: its handshakes are to be read now. */
  onChanging: (tunnel: Tunnel) => void;
  /** There is news of this Router. */
  onReport: (router: string) => void;
}

interface Attempts {
  failures: number;
  /** Monotonic ms. */
  notBefore: number;
}

/** Longer than a change with its undo, which has limits of its own. */
const CHANGE_LIMIT_MS = 180_000;
/** WireGuard in user space has room for 65,536 peers of an interface; a full tunnel has 65,279 routers. */
const MOST_PEERS = 65_500;
const FULL_MS = 60_000;
/** A link that was cut midway is no news. */
const TOLD_AT = 2;
/** When the router is spoken to by somebody else, or its tunnel has its share. */
const LOOK_AGAIN_MS = 500;

export class KeyKeeper {
  readonly controller: Controller;
  readonly #options: KeyKeeperOptions;
  /** By the Router's uid, until the status has it. */
  readonly #sayings = new Map<string, KeySaying>();
  readonly #attempts = new Map<string, Attempts>();
  readonly #lanes = new Lanes();

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'keys',
      reconcile: (key, { signal }) => this.#reconcile(key, signal),
      logger: options.logger,
      concurrency: options.concurrency,
      timeoutMs: CHANGE_LIMIT_MS,
    });
    options.routers.onChange(({ key, type, object, old }) => {
      const { uid } = object.metadata;
      if (type === 'deleted') {
        this.#sayings.delete(uid);
        this.#attempts.delete(uid);
      } else if (concerns(old) !== concerns(object)) this.controller.enqueue(key);
    });
  }

  /** What is to be said of a key that a Router's router has made; undefined: what its status says already. */
  saying(uid: string): KeySaying | undefined {
    return this.#sayings.get(uid);
  }

  /** What WireGuard has of a tunnel may have changed. */
  givenChanged({ standbys, desired }: Tunnel): void {
    for (const { main } of standbys.values()) {
      const router = desired.peers.get(main)?.router;
      if (router !== undefined) this.controller.enqueue(routerKey(router));
    }
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { now, turns } = this.#options;
    const target = this.#target(key);
    if (target === undefined) return undefined;
    const { router, place } = target;
    const { uid } = router.metadata;
    const step = this.#step(router, place);
    if (step.step === 'none') return undefined;
    if (step.step === 'make' && !this.#hasRoom(place.tunnel))
      return { requeueAfterMs: FULL_MS * (1 + this.#options.random()) };
    const rest = (this.#attempts.get(uid)?.notBefore ?? 0) - now().monotonic;
    if (rest > 0) return { requeueAfterMs: rest };
    const done = turns.take(uid);
    if (done === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
    const part = partOf(this.#options.concurrency, TUNNEL_PART);
    const leave = this.#lanes.enter(new Map([[place.tunnel.interfaceName, part]]));
    try {
      if (leave === undefined) return { requeueAfterMs: LOOK_AGAIN_MS };
      return await this.#attempt(key, router, place, step, signal);
    } finally {
      leave?.();
      done();
    }
  }

  /** The Router, when it is here, connected and configured. */
  #target(key: string): { router: Router; place: Place } | undefined {
    const target = targetOf(this.#options.routers, this.#options.fleet, key);
    if (target === undefined || !isConfigured(target.router)) return undefined;
    const { router, place } = target;
    return router.status?.publicKey === place.peer.router.publicKey ? { router, place } : undefined;
  }

  #step(router: Router, { tunnel, peer }: Place): KeyStep {
    const { uid } = router.metadata;
    const saying = this.#sayings.get(uid);
    if (saying !== undefined && isDeepStrictEqual(saying, router.status?.credentials?.key))
      this.#sayings.delete(uid);
    return keyStep({
      router,
      peer,
      saying,
      ownKeys: tunnel.desired.handover?.ownKeys === true,
      isLetIn: isLetIn(tunnel, peer.router.publicKey, peer.next),
    });
  }

  /** Whether one more peer fits beside all routers and the keys that they have made, also those that are only said. */
  #hasRoom({ desired, standbys }: Tunnel): boolean {
    return desired.peers.size + standbys.size + this.#sayings.size < MOST_PEERS;
  }

  async #attempt(
    key: string,
    router: Router,
    place: Place,
    step: Exclude<KeyStep, { step: 'none' }>,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { now, random, backoff, logger, onReport, onChanging, fleet } = this.#options;
    const { uid } = router.metadata;
    const { tunnel, peer } = place;
    const { publicKey } = peer.router;
    tunnel.changing += 1;
    try {
      if (step.step === 'use') onChanging(tunnel);
      const saying = await changeKey({
        step,
        publicKey,
        server: tunnel.desired.handover?.serverAddress ?? '',
        logIn: (aborting) => openSession(this.#options, router, place, CHANGE_LIMIT_MS, aborting),
        stillHolds: () => {
          const next = step.step === 'use' ? step.next : undefined;
          if (!isLetIn(tunnel, publicKey, next)) throw new Error('The gateway has been given another key.');
          if (tunnel.given?.turned.has(publicKey) !== true)
            throw new RouterOsError('Timeout', 'There was no handshake by the new key.');
        },
        signal,
      });
      this.#attempts.delete(uid);
      if (fleet.place(key)?.peer.router.uid !== uid) return undefined;
      this.#sayings.set(uid, saying);
      if (saying.inUse === true) logger.info({ router: key }, 'A router has a WireGuard key of its own.');
      onReport(key);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      const failures = (this.#attempts.get(uid)?.failures ?? 0) + 1;
      const wait = backoffMs(failures, backoff, random);
      this.#attempts.set(uid, { failures, notBefore: now().monotonic + wait });
      const why = error instanceof Error ? error.message : 'unknown';
      logger.warn(
        { router: key, code: (error as { code?: unknown }).code, failures },
        `Could not give a router a WireGuard key of its own: ${why}`,
      );
      if (failures === TOLD_AT) this.#options.recorder.record(keptEvent(router, why));
      return { requeueAfterMs: wait };
    } finally {
      tunnel.changing -= 1;
    }
  }
}

const keptEvent = (router: Router, why: string): Parameters<EventRecorder['record']>[0] => ({
  regarding: refOf(router),
  type: 'Warning',
  reason: 'KeyKept',
  action: 'ChangeKey',
  note: `The router keeps the WireGuard key that it has, since another one could not be proven: ${why.slice(0, 500)}`,
});

const isLetIn = ({ given }: Tunnel, publicKey: string, next: string | undefined): boolean =>
  next !== undefined && given?.peers.get(publicKey)?.next === next;

/** What of a Router decides about its key, apart from what is handed over. */
const concerns = (router: Router | undefined): string =>
  JSON.stringify([
    router?.metadata.generation,
    router?.status?.phase,
    router?.status?.publicKey,
    router?.status?.credentials,
  ]);
