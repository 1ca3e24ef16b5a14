/**
 * Brings the node's interfaces to what was handed over. Keys are interface names.
 *
 * A tunnel is taken away only when its ConfigMap and its key are both gone from a complete list, and have stayed away
 * for some seconds: whoever deletes them by hand gets them back from the controller before that.
 */
import { type HandoverPeer, placementOf } from '../api/index.ts';
import { Controller, type Logger, type ReconcileContext, type ReconcileResult } from '../kube/index.ts';
import { type Seen, SidecarError } from '../wireguard/index.ts';
import type { Link, Moment } from './connectivity.ts';
import { type DesiredTunnel, desiredTunnel, TunnelMemory } from './desired-tunnel.ts';
import type { Fleet, Tunnel } from './fleet.ts';
import { type HandoverCache, indexOf, interfacesOf } from './handover-cache.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Problem } from './problem.ts';
import { isSidecarAway, type SidecarHealth, type SidecarPort } from './sidecar-health.ts';
import { planTunnel, type TunnelStep } from './tunnel-plan.ts';

export interface TunnelSyncOptions {
  sidecar: SidecarPort;
  health: SidecarHealth;
  cache: HandoverCache;
  fleet: Fleet;
  metrics: GatewayMetrics;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** How often the whole state is given again, ms; of large tunnels less often, see {@link RESYNC_SHARE_PEERS}. */
  resyncMs: number;
  /** How long a tunnel's objects must be gone, ms. */
  removeAfterMs: number;
  /** Whether another gateway has set up a tunnel that was placed here then: it is removed without waiting. */
  isElsewhere?: (interfaceName: string, placed: number) => boolean;
  /** Where a tunnel's peers were last seen, as other gateways told. */
  seenElsewhere?: (interfaceName: string, signal: AbortSignal) => Promise<Seen | undefined>;
  beginLink: (router: HandoverPeer) => Link;
  /** These Routers came, went or changed; or all of them, with their tunnel. */
  onRouters: (tunnel: Tunnel, routers: string[]) => void;
  /** The interface was brought, or could not be brought, to what it should be; what of it changed by that. */
  onAttempt: (tunnel: Tunnel, changed: 'all' | 'peers' | 'nothing') => void;
  /** What the node carries has changed, see {@link TunnelSync.carried}. */
  onCarried: () => void;
}

/** To compare so many peers takes half a second, in which no change gets through: they are compared half as often. */
const RESYNC_SHARE_PEERS = 16_384;
/** The sidecar sets up so many side by side as it can; the others wait there and not for an answer. */
const CONCURRENCY = 32;

/** The objects of a tunnel that is new here arrive one after the other; its peers shall be spoken to together. */
const ARRIVING_MS = 1500;
const ARRIVING_LOOK_MS = 100;
/** One that leaves is looked at again so soon: another node may have it set up. */
const LEAVING_LOOK_MS = 500;

export class TunnelSync {
  readonly controller: Controller;
  readonly #options: TunnelSyncOptions;
  readonly #memories = new WeakMap<Tunnel, TunnelMemory>();
  readonly #goneSince = new Map<string, number>();
  /** Interfaces that are on the node, whoever made them; undefined before the sidecar has told. */
  #onNode: Set<string> | undefined;

  constructor(options: TunnelSyncOptions) {
    this.#options = options;
    this.controller = new Controller({
      name: 'tunnel',
      reconcile: (key, context) => this.#reconcile(key, context),
      logger: options.logger,
      concurrency: CONCURRENCY,
      timeoutMs: 120_000,
      backoff: { baseMs: 250, maxMs: 15_000 },
    });
    this.controller.watches(options.cache.configMaps, ({ object }) => interfacesOf(object));
    this.controller.watches(options.cache.secrets, ({ object }) => interfacesOf(object));
  }

  /** Reads all tunnels without touching the node, so that every Router of theirs is known. */
  readAll(): void {
    for (const name of this.#options.cache.interfaceNames()) this.#read(name);
  }

  /** How many tunnels are on the node, or about to be; those that are being taken off among them. */
  carried(): number | undefined {
    if (this.#onNode === undefined) return undefined;
    return new Set([...this.#onNode, ...this.#namesOf(this.#options.fleet)]).size;
  }

  /** Looks for interfaces that nothing wants any more. Call when the stores are complete. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { sidecar, health, cache, fleet, onCarried } = this.#options;
    if (!cache.hasSynced) return;
    const { tunnels } = await health.learn(sidecar.list(signal));
    this.#onNode = new Set(tunnels.map(({ interfaceName }) => interfaceName));
    onCarried();
    const wanted = cache.interfaceNames();
    const names = [...tunnels.map(({ interfaceName }) => interfaceName), ...this.#namesOf(fleet)];
    for (const name of names) if (!wanted.has(name)) this.controller.enqueue(name);
  }

  #namesOf(fleet: Fleet): string[] {
    return [...fleet.tunnels()].map(({ interfaceName }) => interfaceName);
  }

  #read(name: string): { tunnel: Tunnel; reading: DesiredTunnel } | undefined {
    const { cache, fleet, beginLink, onRouters } = this.#options;
    const index = indexOf(name);
    const objects = cache.objectsOf(name);
    if (index === undefined || (objects.tunnel === undefined && objects.key === undefined)) return undefined;
    const tunnel = fleet.ensure(name, this.#options.now().monotonic);
    tunnel.placed = Math.max(tunnel.placed, placementOf(objects.tunnel));
    tunnel.goneSince = undefined;
    const reading = desiredTunnel(index, objects, this.#memoryOf(tunnel));
    const routers = fleet.update(tunnel, reading, beginLink);
    this.#noteProblem(tunnel);
    if (routers.length > 0) onRouters(tunnel, routers);
    return { tunnel, reading };
  }

  #memoryOf(tunnel: Tunnel): TunnelMemory {
    const known = this.#memories.get(tunnel) ?? new TunnelMemory();
    this.#memories.set(tunnel, known);
    return known;
  }

  async #reconcile(name: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const read = this.#read(name);
    if (read === undefined) return this.#removeGone(name, context.signal);
    this.#goneSince.delete(name);
    const { tunnel, reading } = read;
    const { now, random, onAttempt } = this.#options;
    const started = now().monotonic;
    if (isArriving(tunnel, reading, started)) return { requeueAfterMs: ARRIVING_LOOK_MS };
    let changed: 'all' | 'peers' | 'nothing' = tunnel.attempted ? 'nothing' : 'all';
    try {
      const step = await this.#plan(tunnel, reading, context.signal);
      if (step.call !== 'none') tunnel.behindSince ??= started;
      await this.#take(tunnel, step, context.signal);
      tunnel.behindSince = undefined;
      if (step.call === 'put') changed = 'all';
      if (step.call === 'patch' && changed === 'nothing') changed = 'peers';
      if (step.call === 'put') this.#putDone(tunnel, started);
      tunnel.refusal = undefined;
    } catch (error) {
      // Whether it was done is not known, or something is different from what was thought.
      tunnel.given = undefined;
      tunnel.behindSince ??= started;
      if (!context.signal.aborted) tunnel.refusal = refusalOf(name, error);
      throw error;
    } finally {
      tunnel.attempted = true;
      this.#noteProblem(tunnel);
      onAttempt(tunnel, changed);
    }
    const sinceGiven = now().monotonic - tunnel.givenAt;
    const resyncMs = this.#resyncMs(reading);
    return {
      requeueAfterMs: Math.max(1_000, (resyncMs - Math.min(sinceGiven, resyncMs)) * (1 + 0.2 * random())),
    };
  }

  #resyncMs({ peers }: DesiredTunnel): number {
    return this.#options.resyncMs * (1 + peers.size / RESYNC_SHARE_PEERS);
  }

  #putDone(tunnel: Tunnel, at: number): void {
    tunnel.givenAt = at;
    this.#onNode?.add(tunnel.interfaceName);
    this.#options.onCarried();
  }

  async #plan(tunnel: Tunnel, reading: DesiredTunnel, signal: AbortSignal): Promise<TunnelStep> {
    const { sidecar, health, now } = this.#options;
    const complete = reading.problems.length === 0;
    const isDue = complete && now().monotonic - tunnel.givenAt >= this.#resyncMs(reading);
    let exists = tunnel.given !== undefined;
    if (!exists && !complete && reading.interface !== undefined) {
      const { tunnels } = await health.learn(sidecar.list(signal));
      exists = tunnels.some(({ interfaceName }) => interfaceName === tunnel.interfaceName);
    }
    return planTunnel(reading, isDue ? undefined : tunnel.given, exists, tunnel.turned);
  }

  async #take(tunnel: Tunnel, step: TunnelStep, signal: AbortSignal): Promise<void> {
    const { sidecar, health, metrics, now, logger } = this.#options;
    if (step.call === 'none') return;
    const started = now().monotonic;
    const name = tunnel.interfaceName;
    const isNew = tunnel.given === undefined && tunnel.givenAt === Number.NEGATIVE_INFINITY;
    const seen = isNew ? await this.#options.seenElsewhere?.(name, signal) : undefined;
    const call =
      step.call === 'put'
        ? sidecar.put({ ...step.state, ...(seen && { seen }) }, signal)
        : sidecar.patchPeers(name, step.change, signal);
    try {
      const { changes } = await health.learn(call);
      tunnel.given = step.given;
      metrics.synced(step.call, 'ok', (now().monotonic - started) / 1000);
      if (changes.length > 0) {
        const shown = { tunnel: name, changes: changes.slice(0, 20), count: changes.length };
        logger.info(shown, 'Changed a tunnel on the node.');
      }
    } catch (error) {
      metrics.synced(step.call, 'failed', (now().monotonic - started) / 1000);
      throw error;
    }
  }

  async #removeGone(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const { sidecar, health, fleet, cache, now, removeAfterMs, onRouters, onCarried, logger } = this.#options;
    if (!cache.hasSynced) return undefined;
    const since = this.#goneSince.get(name) ?? now().monotonic;
    this.#goneSince.set(name, since);
    const leaving = fleet.get(name);
    if (leaving !== undefined) leaving.goneSince = since;
    const isElsewhere = leaving !== undefined && this.#options.isElsewhere?.(name, leaving.placed) === true;
    const remaining = isElsewhere ? 0 : since + removeAfterMs - now().monotonic;
    if (remaining > 0) return { requeueAfterMs: Math.min(remaining, LEAVING_LOOK_MS) };
    await health.learn(sidecar.remove(name, signal));
    this.#goneSince.delete(name);
    const tunnel = fleet.get(name);
    if (tunnel !== undefined) onRouters(tunnel, fleet.remove(tunnel));
    this.#onNode?.delete(name);
    onCarried();
    logger.info({ tunnel: name }, 'Removed a tunnel that is not of this node any more.');
    return undefined;
  }

  #noteProblem(tunnel: Tunnel): void {
    const isFine = tunnel.desired.problems.length === 0 && tunnel.refusal === undefined;
    tunnel.problemSince = isFine ? undefined : (tunnel.problemSince ?? this.#options.now().monotonic);
  }
}

const isArriving = (tunnel: Tunnel, { problems }: DesiredTunnel, now: number): boolean =>
  tunnel.given === undefined &&
  !tunnel.attempted &&
  now - tunnel.firstReadAt < ARRIVING_MS &&
  problems.some(({ reason }) => reason === 'Pending');

/** What a person should read of a failed call; nothing while the sidecar is merely away: traffic goes on. */
function refusalOf(name: string, error: unknown): Problem | undefined {
  if (!(error instanceof SidecarError) || isSidecarAway(error) || error.code === 'UnknownTunnel') {
    return undefined;
  }
  return {
    reason: error.code === 'NoTunDevice' ? 'NoDevice' : 'ProgrammingFailed',
    message: `The node could not set up ${name}: ${error.message}`,
  };
}
