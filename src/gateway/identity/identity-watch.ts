/**
 * Watches for routers that two share the key of. Who goes back and forth between places is logged in to where it is,
 * until both have said their serial number; who is told of is looked at again when it has been quiet for long.
 */
import type { Router } from '../../api/index.ts';
import { type Controller, findCondition, type Informer, type Logger } from '../../kube/index.ts';
import { RouterOsError } from '../../routeros/index.ts';
import type { PeerObservation } from '../../wireguard/index.ts';
import type { Moment } from '../connectivity.ts';
import { type Fleet, type Place, routerKey, type Tunnel } from '../fleet.ts';
import type { HandoverCache } from '../handover-cache.ts';
import { NODE, rounds } from '../rounds.ts';
import { accessOf, dialTo } from '../router-access.ts';
import type { SidecarHealth, SidecarPort } from '../sidecar-health.ts';
import { askSerial } from './ask-serial.ts';
import { Doubts } from './doubts.ts';
import type { Identity } from './saying.ts';

export interface IdentityWatchOptions {
  sidecar: SidecarPort;
  health: SidecarHealth;
  cache: HandoverCache;
  fleet: Fleet;
  routers: Informer<Router>;
  logger: Logger;
  now: () => Moment;
  random: () => number;
  /** Between two looks, ms. */
  lookMs: number;
  /** There is something to say of this Router. */
  onFinding: (router: string) => void;
}

/** Log-ins of one look: more wait for the next. */
const MOST_ASKED = 4;
const LIMIT_MS = 45_000;

type Seen = Pick<PeerObservation, 'publicKey' | 'endpoint' | 'lastHandshake'>;

export class IdentityWatch {
  readonly controller: Controller;
  readonly #options: IdentityWatchOptions;
  readonly #doubts = new Doubts();

  constructor(options: IdentityWatchOptions) {
    this.#options = options;
    this.controller = rounds({
      name: 'identity',
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

  /** A peer was read; `from`: where it was before, if that is elsewhere. */
  sighted(interfaceName: string, { publicKey, endpoint, lastHandshake }: Seen, from?: string): void {
    if (endpoint === null || lastHandshake === 0) return;
    const now = this.#options.now().monotonic;
    this.#doubts.sighted(keyOf(interfaceName, publicKey), { endpoint, lastHandshake }, from, now);
  }

  /** What is known of the Router that has its peer here. */
  known(router: Router, { tunnel, peer }: Place): Identity {
    const key = keyOf(tunnel.interfaceName, peer.router.publicKey);
    const now = this.#options.now().monotonic;
    const isCloned = findCondition(router.status?.conditions, 'Unique')?.status === 'False';
    this.#doubts.said(key, isCloned, now);
    const doubt = this.#doubts.get(key);
    return {
      endpoint: doubt?.trail?.endpoint,
      before: this.#doubts.before(key, now),
      finding: doubt?.finding,
    };
  }

  /** Its status says another serial number from now on. */
  changed(router: Router, { tunnel, peer }: Place): void {
    const key = keyOf(tunnel.interfaceName, peer.router.publicKey);
    const before = { serial: router.status?.serialNumber, endpoint: undefined };
    this.#doubts.changed(key, before, this.#options.now().monotonic);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { health, now } = this.#options;
    const asked: Promise<void>[] = [];
    for (const key of this.#doubts.keys()) {
      const place = this.#find(key);
      if (place === undefined || this.#doubts.isIdle(key, now().monotonic)) {
        this.#doubts.forget(key);
        continue;
      }
      if (!health.isUp) continue;
      if (this.#needOf(key, place) === 'ask' && asked.length < MOST_ASKED) {
        asked.push(this.#ask(key, place, signal));
      }
    }
    await Promise.all(asked);
  }

  #needOf(key: string, place: Place): 'ask' | 'none' {
    const { routers, now, onFinding } = this.#options;
    const name = routerKey(place.peer.router);
    const router = routers.get(name);
    const link = place.tunnel.links.get(place.peer.router.publicKey);
    if (router === undefined || router.metadata.uid !== place.peer.router.uid) return 'none';
    if (link?.state !== 'Connected' || router.spec.suspended) return 'none';
    const before = this.#doubts.get(key)?.finding;
    const need = this.#doubts.need(key, router.spec.autoConfiguration.enabled, now().monotonic);
    const finding = this.#doubts.get(key)?.finding;
    if (finding !== undefined && finding !== before) onFinding(name);
    return need;
  }

  #find(key: string): Place | undefined {
    const [interfaceName = '', publicKey = ''] = key.split(' ');
    const tunnel = this.#options.fleet.get(interfaceName);
    const peer = tunnel?.desired.peers.get(publicKey);
    return tunnel === undefined || peer === undefined ? undefined : { tunnel, peer };
  }

  async #ask(key: string, place: Place, signal: AbortSignal): Promise<void> {
    const { sidecar, cache, now, logger, onFinding } = this.#options;
    const { tunnel, peer } = place;
    const access = accessOf(cache, place);
    if (access === undefined) return;
    this.#doubts.asking(key, now().monotonic);
    const dial = dialTo(sidecar, place, access);
    try {
      const serial = await askSerial({ dial, access, signal });
      const endpoint = await this.#whereNow(key, tunnel, peer.router.publicKey, signal);
      if (endpoint !== undefined) this.#doubts.answered(key, endpoint, serial);
    } catch (error) {
      if (signal.aborted) return;
      const code = (error as { code?: unknown }).code;
      logger.debug({ router: routerKey(peer.router), code }, 'A router in doubt did not say who it is.');
      if (!(error instanceof RouterOsError) || error.code !== 'LoginRefused') return;
      const endpoint = await this.#whereNow(key, tunnel, peer.router.publicKey, signal).catch(
        () => undefined,
      );
      if (endpoint !== undefined) this.#doubts.refused(key, endpoint);
    }
    this.#needOf(key, place);
    if (this.#doubts.get(key)?.finding?.kind === 'Alone') onFinding(routerKey(peer.router));
  }

  /** Where the answer came from: its last packet has set the endpoint. */
  async #whereNow(
    key: string,
    { interfaceName, links }: Tunnel,
    publicKey: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const since = (links.get(publicKey)?.lastHandshake ?? 1) - 1;
    for await (const seen of this.#options.sidecar.observe(interfaceName, { since, signal })) {
      if (seen.publicKey !== publicKey) continue;
      this.sighted(interfaceName, seen);
      break;
    }
    return this.#doubts.get(key)?.trail?.endpoint;
  }
}

const keyOf = (interfaceName: string, publicKey: string): string => `${interfaceName} ${publicKey}`;
