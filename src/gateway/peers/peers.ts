import { ANNOTATION_PEER, LABEL_GATEWAY, LABEL_PART, PEER_KEY, PEER_KEY_PART } from '../../api/index.ts';
import {
  type Clock,
  Informer,
  type KubeClient,
  type Lease,
  type Logger,
  leases,
  messageOf,
  secrets,
} from '../../kube/index.ts';
import type { Seen } from '../../wireguard/index.ts';
import type { GatewayAnswer } from './answer.ts';
import { askPeer } from './speak.ts';

/** Another gateway, as this agent knows it. */
export interface Acquaintance {
  readonly node: string;
  address: string | undefined;
  renewTime: string | undefined;
  /** When its Lease was last seen renewed, monotonic ms. */
  heardAt: number;
  /** How long its Lease holds, ms. */
  leaseMs: number;
  /** When it was asked what it answered last, monotonic ms. */
  answeredAt: number;
  /** When it last renewed its Lease as it says itself, monotonic ms. */
  contactAt: number;
  carried: ReadonlyMap<string, number>;
  /** Where the peers of its tunnels are. */
  readonly seen: Map<string, Seen>;
  epoch: string;
  next: number;
  failure: string;
}

export interface PeersOptions {
  client: KubeClient;
  namespace: string;
  nodeName: string;
  clock: Clock;
  logger: Logger;
}

/** A Lease found with a renewal older than this is of a gateway that is no more, ms. */
const LONG_AGO_MS = 100_000;
const ANSWER_LIMIT_MS = 2000;
/** Of somebody who is about to set up a tunnel; a node that is lost does not answer. */
const REFRESH_LIMIT_MS = 500;
const REFRESH_MS = 1000;
/** Who has renewed its Lease within this may answer, ms. */
const HEARD_MS = 5000;
const KEY_PAUSE_MS = 5000;
/** One that is lost is remembered so long, for what it knew of its routers, ms. */
const REMEMBERED_MS = 3_600_000;

/** The other gateways: who there is, by their Leases; and what they say when they are asked. */
export class Peers {
  readonly leases: Informer<Lease>;
  readonly #options: PeersOptions;
  readonly #known = new Map<string, Acquaintance>();
  #key: Buffer | undefined;
  /** Somebody answered who has another key: the controller may have made a new one. */
  #isSuspect = false;
  #keyAskedAt = Number.NEGATIVE_INFINITY;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(options: PeersOptions) {
    this.#options = options;
    const { client, namespace, logger } = options;
    this.leases = new Informer({ client, type: leases, namespace, labelSelector: LABEL_GATEWAY, logger });
    this.leases.onChange(({ type, object }) => this.#see(object, type === 'deleted'));
  }

  get key(): Buffer | undefined {
    return this.#key;
  }

  all(): readonly Acquaintance[] {
    return [...this.#known.values()];
  }

  /** Where a tunnel's peers were last seen, by what other nodes told; undefined when none has. */
  seenOf(interfaceName: string): Seen | undefined {
    const merged: Seen = { at: 0, peers: {} };
    for (const { seen } of this.#known.values()) {
      const one = seen.get(interfaceName);
      if (one === undefined) continue;
      merged.at = Math.max(merged.at, one.at);
      for (const [key, sighting] of Object.entries(one.peers)) {
        if (sighting[1] >= (merged.peers[key]?.[1] ?? 0)) merged.peers[key] = sighting;
      }
    }
    return merged.at === 0 ? undefined : merged;
  }

  /** Asks all who are there, unless that was just done: whoever sets up a tunnel wants the newest. */
  refresh(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const now = clock.monotonic();
    if (now - this.#refreshedAt < REFRESH_MS) return this.#refreshing;
    this.#refreshedAt = now;
    const there = this.all().filter(({ heardAt }) => now - heardAt < HEARD_MS);
    this.#refreshing = there.length === 0 ? Promise.resolve() : this.ask(there, signal, REFRESH_LIMIT_MS);
    return this.#refreshing;
  }

  /** Asks all of these, each at most for some seconds; resolves when all have answered or failed. */
  async ask(some: readonly Acquaintance[], signal: AbortSignal, limitMs = ANSWER_LIMIT_MS): Promise<void> {
    const reachable = some.filter(({ address }) => address !== undefined);
    if (reachable.length > 0) await this.learnKey(signal);
    const key = this.#key;
    if (key === undefined) return;
    await Promise.all(reachable.map((one) => this.#askOne(one, key, signal, limitMs)));
  }

  async #askOne(one: Acquaintance, key: Buffer, signal: AbortSignal, limitMs: number): Promise<void> {
    const { clock, logger } = this.#options;
    const asked = clock.monotonic();
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
      const answer = await askPeer(one.address ?? '', key, { epoch: one.epoch, since: one.next }, limited);
      if (answer.node !== one.node) throw new Error(`node ${answer.node} answers in its place`);
      learn(one, answer, asked, clock.monotonic());
      one.failure = '';
    } catch (error) {
      const failure = messageOf(error);
      if (signal.aborted || failure === one.failure) return;
      one.failure = failure;
      logger.info({ node: one.node, address: one.address, failure }, 'Another gateway does not answer.');
      // Until there is another, whoever asks with this one is still answered.
      if (isForeign(error)) this.#isSuspect = true;
    }
  }

  /** Gets the key that all agents share from the API server, if it is not known; not again and again. */
  async learnKey(signal: AbortSignal): Promise<void> {
    const { client, namespace, clock } = this.#options;
    if (this.#key !== undefined && !this.#isSuspect) return;
    if (clock.monotonic() - this.#keyAskedAt < KEY_PAUSE_MS) return;
    this.#keyAskedAt = clock.monotonic();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const labelSelector = `${LABEL_PART}=${PEER_KEY_PART}`;
    const found = await client
      .list(secrets, { namespace, labelSelector, signal: limited })
      .catch(() => undefined);
    const text = found?.items[0]?.data?.[PEER_KEY];
    if (text === undefined) return;
    this.#key = Buffer.from(text, 'base64');
    this.#isSuspect = false;
  }

  #see({ metadata, spec }: Lease, isGone: boolean): void {
    const { nodeName, clock } = this.#options;
    const node = metadata.labels?.[LABEL_GATEWAY];
    if (node === undefined || node === nodeName) return;
    const now = clock.monotonic();
    const renewTime = spec?.renewTime;
    const age = clock.wall() - Date.parse(renewTime ?? '');
    const known = this.#known.get(node);
    const one = known ?? newAcquaintance(node, age < LONG_AGO_MS ? now : Number.NEGATIVE_INFINITY);
    this.#known.set(node, one);
    if (known !== undefined && known.renewTime !== renewTime && !isGone) one.heardAt = now;
    if (isGone) one.heardAt = Number.NEGATIVE_INFINITY;
    one.renewTime = renewTime;
    one.leaseMs = (spec?.leaseDurationSeconds ?? 0) * 1000;
    one.address = metadata.annotations?.[ANNOTATION_PEER];
    for (const [name, { heardAt, answeredAt }] of this.#known) {
      if (now - Math.max(heardAt, answeredAt) > REMEMBERED_MS && name !== node) this.#known.delete(name);
    }
  }
}

/** Whether somebody answered who has another key. */
const isForeign = (error: unknown): boolean => {
  const code = String((error as NodeJS.ErrnoException).code);
  return code === 'EPROTO' || code.startsWith('ERR_SSL');
};

/** So long it is remembered where routers were of a tunnel that has left its node. */
const LEFT_SECONDS = 600;

const newAcquaintance = (node: string, heardAt: number): Acquaintance => ({
  node,
  address: undefined,
  renewTime: undefined,
  heardAt,
  leaseMs: 0,
  answeredAt: Number.NEGATIVE_INFINITY,
  contactAt: Number.NEGATIVE_INFINITY,
  carried: new Map(),
  seen: new Map(),
  epoch: '',
  next: 0,
  failure: '',
});

/** Takes an answer in: what it says was true somewhere between the two times. Each is reckoned to be on the safe side. */
export function learn(one: Acquaintance, answer: GatewayAnswer, asked: number, done: number): void {
  if (answer.epoch !== one.epoch) one.seen.clear();
  one.carried = new Map(Object.entries(answer.carried));
  for (const [name, { at }] of one.seen) {
    // It may be on its way to us.
    if (!one.carried.has(name) && answer.at - at > LEFT_SECONDS) one.seen.delete(name);
  }
  for (const [name, peers] of Object.entries(answer.tunnels)) {
    const seen = one.seen.get(name) ?? { at: answer.at, peers: {} };
    Object.assign(seen.peers, peers);
    one.seen.set(name, seen);
  }
  for (const [name, seen] of one.seen) if (one.carried.has(name)) seen.at = answer.at;
  Object.assign(one, { epoch: answer.epoch, next: answer.next, answeredAt: asked });
  if (answer.contactAgeMs !== null) one.contactAt = done - answer.contactAgeMs;
}
