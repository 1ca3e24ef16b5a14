/** Asks the sidecar which routers WireGuard refuses, has it speak to them first, and tells of their clocks. */
import type { Router } from '../api/index.ts';
import { type Controller, type EventRecorder, type Informer, type Logger, refOf } from '../kube/index.ts';
import type { RefusedPeer } from '../wireguard/index.ts';
import type { Moment } from './connectivity.ts';
import { type Fleet, routerKey, type Tunnel } from './fleet.ts';
import { beginCall, type Calls, clockNote, isPast, lookAfter, mayCall } from './refused-router.ts';
import { NODE, rounds } from './rounds.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface ClockWatchOptions {
  sidecar: SidecarPort;
  health: SidecarHealth;
  fleet: Fleet;
  routers: Informer<Router>;
  recorder: EventRecorder;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Between two looks, ms. */
  lookMs: number;
  /** The handshakes of this tunnel are worth reading soon. */
  onCalled: (tunnel: Tunnel) => void;
  /** Whether this agent speaks for its node. */
  mayWrite: () => Promise<boolean>;
}

/** Of one look: more wait for the next. */
const MOST_CALLS = 50;
const LIMIT_MS = 30_000;

interface Called {
  tunnel: Tunnel;
  publicKey: string;
  calls: Calls;
}

export class ClockWatch {
  readonly controller: Controller;
  readonly #options: ClockWatchOptions;
  /** By interface and public key. */
  readonly #called = new Map<string, Called>();

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.controller = rounds({
      name: 'clock',
      round: (signal) => this.#look(signal),
      everyMs: options.lookMs,
      random: options.random,
      logger: options.logger,
      timeoutMs: LIMIT_MS,
      backoff: { baseMs: options.lookMs, maxMs: 60_000 },
    });
  }

  begin(): void {
    this.controller.enqueue(NODE);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { sidecar, health, now } = this.#options;
    await this.#lookAfter();
    if (!health.isUp) return;
    let calls = 0;
    for (const refused of await health.learn(sidecar.refused(signal))) {
      const found = this.#find(refused);
      if (found === undefined || calls >= MOST_CALLS) continue;
      const { tunnel, link, called } = found;
      if (!mayCall(refused, link, called?.calls, now())) continue;
      calls += 1;
      await this.#call(tunnel, refused, signal);
    }
  }

  #find(refused: RefusedPeer) {
    const tunnel = this.#options.fleet.get(refused.interfaceName);
    const link = tunnel?.links.get(refused.publicKey);
    if (tunnel === undefined || link === undefined) return undefined;
    return { tunnel, link, called: this.#called.get(keyOf(refused)) };
  }

  async #call(tunnel: Tunnel, refused: RefusedPeer, signal: AbortSignal): Promise<void> {
    const { sidecar, health, now, logger, onCalled } = this.#options;
    const { interfaceName, publicKey } = refused;
    const link = tunnel.links.get(publicKey);
    if (link === undefined) return;
    const calls = beginCall(refused, link, this.#called.get(keyOf(refused))?.calls, now());
    this.#called.set(keyOf(refused), { tunnel, publicKey, calls });
    logger.info(
      { tunnel: interfaceName, publicKey, clock: refused.clock, failures: calls.failures - 1 },
      'A router is refused for what its clock says; speaking to it first.',
    );
    await health.learn(sidecar.call(interfaceName, publicKey, signal));
    onCalled(tunnel);
  }

  async #lookAfter(): Promise<void> {
    const { now, mayWrite } = this.#options;
    for (const [key, called] of this.#called) {
      const { tunnel, publicKey, calls } = called;
      const link = tunnel.links.get(publicKey);
      if (link === undefined || isPast(calls, now())) {
        this.#called.delete(key);
        continue;
      }
      const after = lookAfter(calls, link, now());
      if (after.state === 'succeeded' && calls.state === 'hoping' && (await mayWrite())) this.#tell(called);
      called.calls = after;
    }
  }

  #tell({ tunnel, publicKey, calls }: Called): void {
    const { routers, recorder } = this.#options;
    const peer = tunnel.desired.peers.get(publicKey)?.router;
    const router = peer && routers.get(routerKey(peer));
    if (router === undefined || router.metadata.uid !== peer?.uid) return;
    recorder.record({
      regarding: refOf(router),
      type: 'Warning',
      reason: 'ClockJumped',
      action: 'WatchHandshake',
      note: clockNote(calls),
    });
  }
}

const keyOf = ({ interfaceName, publicKey }: RefusedPeer): string => `${interfaceName} ${publicKey}`;
