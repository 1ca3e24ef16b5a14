/** Reads the handshakes of each tunnel again and again, and tells of routers that came or went. Keys: interface names. */
import { setImmediate } from 'node:timers/promises';
import { Controller, type Logger, type ReconcileResult } from '../kube/index.ts';
import { type Arrival, type PeerObservation, SidecarError } from '../wireguard/index.ts';
import { type Link, type Moment, nextLink } from './connectivity.ts';
import { type Fleet, routerKey, type Tunnel } from './fleet.ts';
import { observeStandbys } from './keys/standby.ts';
import type { GatewayMetrics } from './metrics.ts';
import { ARRIVING_MS, isCheap, type Pace, pauseBeforeNextRead } from './pace.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface WatcherOptions {
  sidecar: SidecarPort;
  health: SidecarHealth;
  fleet: Fleet;
  metrics: GatewayMetrics;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  pace: Pace;
  offlineAfterMs: number;
  /** Whether the sidecar tells of those who begin a handshake. */
  isListening: () => boolean;
  /** The link of this Router is in another state. */
  onTransition: (tunnel: Tunnel, router: string) => void;
  /** Networks of routers are to go to others of their keys. */
  onTurned?: (tunnel: Tunnel) => void;
  /** Each peer of ours, as it is read. */
  onObserved?: (tunnel: Tunnel, observation: PeerObservation) => void;
  /** The node does not have this tunnel. */
  onUnknown: (tunnel: Tunnel) => void;
}

/** Small tunnels are always read whole; of larger ones, between two whole readings, only what is new. */
const ALWAYS_WHOLE = 256;
const WHOLE_EVERY_MS = 30_000;
/** Of more peers a reading is not cheap, whatever the last one took. */
const LARGE = 10_000;
/** One that begins a handshake is let in a round trip later. */
const ROUND_TRIP_MS = 150;
/** Handshakes carry seconds, and the reading before may have missed one that was just being made. */
const OVERLAP_SECONDS = 3;
const READ_LIMIT_MS = 30_000;
/** Links that are looked at before others have a turn. */
const AT_A_TIME = 4_096;

interface LastRead {
  whole: number;
  /** Wall clock, Unix seconds. */
  at: number;
  /** Monotonic ms. */
  endedAt: number;
  tookMs: number;
  /** Somebody had begun a handshake. */
  wasForSomebody: boolean;
}

export class Watcher {
  readonly controller: Controller;
  readonly #options: WatcherOptions;
  readonly #last = new WeakMap<Tunnel, LastRead>();

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'watcher',
      reconcile: (name, { signal }) => this.#reconcile(name, signal),
      logger: options.logger,
      concurrency: 8,
      timeoutMs: READ_LIMIT_MS,
    });
  }

  /** Somebody begins a handshake. Who is connected has merely got another address. */
  arrived({ interfaceName, publicKey }: Arrival): void {
    const { fleet, now } = this.#options;
    const tunnel = fleet.get(interfaceName);
    if (tunnel === undefined) return;
    const link = publicKey === null ? undefined : tunnel.links.get(publicKey);
    if (publicKey !== null && link?.state !== 'Awaiting' && link?.state !== 'Offline') return;
    tunnel.expected.hear(publicKey, now().monotonic);
    const last = this.#last.get(tunnel);
    // Once in a while one is let in at once; of a crowd, together.
    const rest = last?.wasForSomebody === true ? this.#restOf(tunnel) : 0;
    this.controller.queue.addAfter(interfaceName, Math.max(ROUND_TRIP_MS, rest));
  }

  /**
   * Some peers came or went. A small tunnel is read at once. A large one is not, since WireGuard takes no further change
   * while it is read, and those of them who come are heard.
   */
  peersChanged(tunnel: Tunnel): void {
    const { tookMs = 0 } = this.#last.get(tunnel) ?? {};
    const isSlow = !isCheap(tookMs) || tunnel.links.size > LARGE;
    if (isSlow && this.#options.isListening()) return;
    this.controller.queue.addAfter(tunnel.interfaceName, Math.max(0, this.#restOf(tunnel)));
  }

  /** ms that are to pass since the last reading. */
  #restOf(tunnel: Tunnel): number {
    const last = this.#last.get(tunnel);
    return last === undefined ? 0 : last.endedAt + 2 * last.tookMs - this.#options.now().monotonic;
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { fleet, now, random, pace, metrics, logger, isListening } = this.#options;
    const tunnel = fleet.get(name);
    if (tunnel === undefined) return undefined;
    if (!tunnel.attempted) return { requeueAfterMs: pace.fastMs };
    const started = now().monotonic;
    let awaited = false;
    const isForSomebody = Number.isFinite(tunnel.expected.lastAt);
    try {
      awaited = await this.#read(tunnel, signal);
      metrics.read((now().monotonic - started) / 1000);
    } catch (error) {
      // Links keep their state while nobody can see: a router is not gone because the sidecar is.
      if (signal.aborted) return undefined;
      this.#failed(tunnel, error);
      logger.debug({ tunnel: name, err: error }, 'Could not read the handshakes of a tunnel.');
    }
    const ended = now().monotonic;
    const lastReadMs = ended - started;
    const last = this.#last.get(tunnel);
    if (last !== undefined)
      Object.assign(last, { endedAt: ended, tookMs: lastReadMs, wasForSomebody: isForSomebody });
    tunnel.expected.settle((key) => tunnel.links.get(key)?.state === 'Connected', ended, ARRIVING_MS);
    return {
      requeueAfterMs: pauseBeforeNextRead(pace, {
        awaited,
        tunnels: fleet.size,
        peers: tunnel.links.size,
        lastReadMs,
        sinceArrivalMs: isListening() ? ended - tunnel.expected.lastAt : undefined,
        random: random(),
      }),
    };
  }

  #failed(tunnel: Tunnel, error: unknown): void {
    const { health, onUnknown } = this.#options;
    health.learnFrom(error);
    // One that was never given, or could not be, is the sync's to try again, at its own pace.
    if (tunnel.given === undefined) return;
    if (error instanceof SidecarError && error.code === 'UnknownTunnel') onUnknown(tunnel);
  }

  /** Resolves with whether somebody waits for a router of this tunnel. */
  async #read(tunnel: Tunnel, signal: AbortSignal): Promise<boolean> {
    const { sidecar, now, health, onObserved } = this.#options;
    const start = now();
    const at = Math.floor(start.wall / 1000);
    const last = this.#last.get(tunnel);
    const isWhole =
      last === undefined ||
      tunnel.links.size <= ALWAYS_WHOLE ||
      start.monotonic - last.whole >= WHOLE_EVERY_MS ||
      at < last.at;
    const options = isWhole ? { signal } : { since: last.at - OVERLAP_SECONDS, signal };
    const counters = new Map<string, number>();
    for await (const observation of sidecar.observe(tunnel.interfaceName, options)) {
      if (tunnel.standbys.has(observation.publicKey)) {
        counters.set(observation.publicKey, observation.lastHandshake);
        continue;
      }
      if (!tunnel.links.has(observation.publicKey)) continue;
      onObserved?.(tunnel, observation);
      counters.set(observation.publicKey, observation.lastHandshake);
      countTraffic(tunnel, observation);
    }
    health.answered();
    const whole = isWhole ? start.monotonic : last.whole;
    const { tookMs = 0, wasForSomebody = false } = last ?? {};
    this.#last.set(tunnel, { whole, at, endedAt: start.monotonic, tookMs, wasForSomebody });
    if (observeStandbys(tunnel, counters)) this.#options.onTurned?.(tunnel);
    return this.#advance(tunnel, counters);
  }

  async #advance(tunnel: Tunnel, counters: ReadonlyMap<string, number>): Promise<boolean> {
    const { offlineAfterMs, onTransition, pace } = this.#options;
    const now = this.#options.now();
    let awaited = tunnel.changing > 0;
    let looked = 0;
    // A router is there by whichever of its keys.
    const seen = new Map([...tunnel.standbys.values()].map((standby) => [standby.main, standby.seen]));
    for (const [publicKey, link] of tunnel.links) {
      looked += 1;
      if (looked % AT_A_TIME === 0) await setImmediate();
      const counter = counters.get(publicKey) ?? link.counter;
      const next = nextLink(link, Math.max(counter, seen.get(publicKey) ?? 0), now, offlineAfterMs);
      if (next !== link) tunnel.links.set(publicKey, next);
      awaited ||= isAwaited(next, now, pace);
      countTransition(tunnel, link, next);
      const router = tunnel.desired.peers.get(publicKey)?.router;
      if (next.state !== link.state && router !== undefined) onTransition(tunnel, routerKey(router));
    }
    return awaited;
  }
}

function isAwaited(link: Link, now: Moment, pace: Pace): boolean {
  return link.state !== 'Connected' && now.monotonic - link.since < pace.waitForMs;
}

/** What a peer's counters have grown by; they begin anew with an interface, and the first sight counts nothing. */
function countTraffic({ traffic, totals, desired }: Tunnel, { publicKey, rx, tx }: PeerObservation): void {
  const before = traffic.get(publicKey);
  if (before === undefined) {
    // Under the text that is kept anyway: this one is another 60 bytes a router.
    traffic.set(desired.peers.get(publicKey)?.router.publicKey ?? publicKey, { rx, tx });
    return;
  }
  totals.rx += rx >= before.rx ? rx - before.rx : rx;
  totals.tx += tx >= before.tx ? tx - before.tx : tx;
  before.rx = rx;
  before.tx = tx;
}

/** One that is found to have been away for long when the agent starts did not go. */
function countTransition({ totals }: Tunnel, before: Link, after: Link): void {
  if (after.state === before.state) return;
  if (after.state === 'Connected') totals.connected += 1;
  else if (before.state === 'Connected') totals.offline += 1;
}
