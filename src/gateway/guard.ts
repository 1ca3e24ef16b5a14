/** Keeps the word that this node's tunnels may speak by, as hold.ts decides, and asks the other gateways. */
import { LABEL_GATEWAY, LABEL_PART } from '../api/index.ts';
import { type Clock, configMaps, type KubeClient, type Logger, messageOf, sleep } from '../kube/index.ts';
import type { Hold } from '../wireguard/index.ts';
import type { Fleet } from './fleet.ts';
import { interfacesOf } from './handover-cache.ts';
import { FENCE_MS, isUntouched, type Situation, speaksUntil } from './hold.ts';
import type { Acquaintance, Peers } from './peers/peers.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface GuardOptions {
  client: Pick<KubeClient, 'list'>;
  sidecar: Pick<SidecarPort, 'hold'>;
  health: Pick<SidecarHealth, 'isUp'>;
  peers: Pick<Peers, 'all' | 'ask'>;
  fleet: Pick<Fleet, 'tunnels'>;
  namespace: string;
  nodeName: string;
  clock: Clock;
  logger: Logger;
  /** What the Lease says of the fence is to be said anew. */
  onFence: () => void;
  /**
   * {@link Guard.knowsItsOwn} is so: told each {@link TICK_MS}, since what was held back in a moment that lay between two
   * ticks would wait for ever for one who is told of changes only.
   */
  onKnowing: () => void;
}

const TICK_MS = 250;
/** How often the others are asked while all is well, ms, and when something has to be known soon. */
const ASK_MS = 5_000;
const ASK_SOON_MS = 750;
/** A renewal is late by then: it may be the API server, or this node alone. */
const LATE_MS = 3000;
/** A gateway whose Lease was renewed within this, or while that lasts, could be given tunnels, ms. */
const PRESENT_MS = 10_000;
/** And can be asked if it answered within this, ms. */
const REACHABLE_MS = 25_000;
/** The word is said anew when it has grown by this, ms. */
const STEP_MS = 400;
const ANSWER_LIMIT_MS = 2000;

const isPresent = ({ heardAt, leaseMs }: Acquaintance, now: number): boolean =>
  now - heardAt < Math.max(leaseMs, PRESENT_MS);

export class Guard {
  readonly #options: GuardOptions;
  /** Whether the kernel holds a word; undefined: what a process before this one has said is not known. */
  #isArmed: boolean | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #rivals: readonly Acquaintance[] = [];
  #saidUntil = Number.NEGATIVE_INFINITY;
  #saidFenced = '';
  /** The word has run out, so that others may have been given what this node carried. */
  #hasLapsed = false;
  /** Tunnels that turned out not to be this node's any more: interface name → the placement that is over. */
  #notOurs: ReadonlyMap<string, number> = new Map();
  #askedAt = Number.NEGATIVE_INFINITY;
  #failure = '';
  #turn: Promise<void> = Promise.resolve();

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** For the Lease: after how many seconds without a renewal this node is silent; undefined: never. */
  get fencedAfterSeconds(): number | undefined {
    return this.#isArmed === true && this.#canBeAsked() ? FENCE_MS / 1000 : undefined;
  }

  /**
   * Whether what this agent takes for its tunnels is: after it was silent some may be another's, which says of their
   * routers what is true.
   */
  get knowsItsOwn(): boolean {
    return !this.#hasLapsed && !this.#carriesOthers();
  }

  /** Whether the kernel can still be told; a Lease that is renewed all the same would keep tunnels on a silent node. */
  get isObeyed(): boolean {
    return this.#isArmed !== true || this.#failure === '';
  }

  /** How long ago the Lease was last renewed, ms. */
  get contactAgeMs(): number | null {
    return Number.isFinite(this.#renewedAt) ? this.#options.clock.monotonic() - this.#renewedAt : null;
  }

  /** Whether another gateway has set up a tunnel that this one had. */
  isElsewhere(interfaceName: string, placed: number): boolean {
    return this.#options.peers.all().some(({ carried }) => (carried.get(interfaceName) ?? -1) > placed);
  }

  /** The Lease was renewed, by a request that began then; `fence`: whether it says that this node is fenced. */
  async renewed(began: number, fence: boolean): Promise<void> {
    const { peers, clock } = this.#options;
    this.#renewedAt = began;
    const now = clock.monotonic();
    this.#rivals = peers.all().filter((one) => isPresent(one, now));
    await this.#inTurn(async () => {
      if (this.#hasLapsed) await this.#findOut();
      // Nobody gives away what was not said to be fenced, so that from now on nothing has to fall silent.
      if (!fence && !this.#canBeAsked()) await this.#release();
      await this.#keep();
    });
  }

  /** The sidecar may be another one: what it was told is said anew. */
  forget(): void {
    this.#saidUntil = Number.NEGATIVE_INFINITY;
    this.#saidFenced = '';
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#askIfDue(signal);
      await this.#inTurn(() => this.#keep());
      if (this.knowsItsOwn) this.#options.onKnowing();
      await sleep(clock, TICK_MS, signal);
    }
  }

  /** All who could be given our tunnels answer, so that one cut off is told from an API server that is down. */
  #canBeAsked(): boolean {
    const now = this.#options.clock.monotonic();
    return this.#rivals.length > 0 && this.#rivals.every(({ answeredAt }) => now - answeredAt < REACHABLE_MS);
  }

  #askIfDue(signal: AbortSignal): void {
    const { peers, clock, fleet } = this.#options;
    const now = clock.monotonic();
    const isLeaving = [...fleet.tunnels()].some(({ goneSince }) => goneSince !== undefined);
    const isSoon = isLeaving || now - this.#renewedAt > LATE_MS || !this.#canBeAsked();
    if (now - this.#askedAt < (isSoon ? ASK_SOON_MS : ASK_MS)) return;
    this.#askedAt = now;
    const asked = new Set([...this.#rivals, ...peers.all().filter((one) => isPresent(one, now))]);
    if (asked.size > 0) void peers.ask([...asked], signal);
  }

  async #keep(): Promise<void> {
    const { clock, health } = this.#options;
    if (!health.isUp || !Number.isFinite(this.#renewedAt)) return;
    if (this.#isArmed !== true) {
      if (this.#canBeAsked()) await this.#say();
      else if (this.#isArmed === false && this.#fenced().join() !== this.#saidFenced) await this.#release();
      return;
    }
    const situation = this.#situation();
    const until = speaksUntil(situation);
    if (until <= clock.monotonic() && !this.#hasLapsed) {
      this.#hasLapsed = true;
      this.#options.logger.warn(
        {},
        'Neither the API server nor all other gateways answer: another one may be given the tunnels of this node, so they are silent now.',
      );
    }
    if (this.#hasLapsed && isUntouched(situation)) this.#resume('No other gateway has been given any');
    if (this.#hasLapsed) return;
    if (until - this.#saidUntil >= STEP_MS || this.#fenced().join() !== this.#saidFenced) await this.#say();
  }

  /** What turned out not to be this node's is still taken for its own: the cache is behind. */
  #carriesOthers(): boolean {
    if (this.#notOurs.size === 0) return false;
    for (const { interfaceName, placed } of this.#options.fleet.tunnels())
      if (this.#isOver(interfaceName, placed)) return true;
    this.#notOurs = new Map();
    return false;
  }

  #isOver(interfaceName: string, placed: number): boolean {
    return placed <= (this.#notOurs.get(interfaceName) ?? -1);
  }

  #situation(): Situation {
    return { now: this.#options.clock.monotonic(), renewedAt: this.#renewedAt, rivals: this.#rivals };
  }

  /** Tunnels that must be silent whatever else is: another gateway has them. */
  #fenced(): string[] {
    const names: string[] = [];
    for (const { interfaceName, placed } of this.#options.fleet.tunnels()) {
      if (this.#isOver(interfaceName, placed) || this.isElsewhere(interfaceName, placed))
        names.push(interfaceName);
    }
    return names.sort();
  }

  async #say(): Promise<void> {
    const { clock } = this.#options;
    const until = speaksUntil(this.#situation());
    const fenced = this.#fenced();
    const seconds = Math.max(0, until - clock.monotonic()) / 1000;
    if (!(await this.#hold({ seconds, fenced }))) return;
    const isNew = this.#isArmed !== true;
    this.#isArmed = true;
    this.#saidUntil = until;
    this.#saidFenced = fenced.join();
    if (isNew) this.#options.onFence();
  }

  /** No time is kept any more; what another gateway has stays silent. */
  async #release(): Promise<void> {
    const fenced = this.#fenced();
    if (this.#isArmed === false && fenced.join() === this.#saidFenced) return;
    if (!(await this.#hold({ seconds: null, fenced }))) return;
    this.#isArmed = false;
    this.#saidFenced = fenced.join();
  }

  async #hold(hold: Hold): Promise<boolean> {
    const { sidecar, logger } = this.#options;
    try {
      await sidecar.hold(hold, AbortSignal.timeout(ANSWER_LIMIT_MS));
      this.#failure = '';
      return true;
    } catch (error) {
      const failure = messageOf(error);
      if (failure !== this.#failure)
        logger.warn({ err: error }, 'The node cannot be fenced; its tunnels are not moved when it is lost.');
      this.#failure = failure;
      return false;
    }
  }

  /** After it was silent: what is still this node's, asked past the cache. */
  async #findOut(): Promise<void> {
    const { client, namespace, nodeName, fleet, logger } = this.#options;
    try {
      const labelSelector = `${LABEL_GATEWAY}=${nodeName},${LABEL_PART}=tunnel`;
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const { items } = await client.list(configMaps, { namespace, labelSelector, signal });
      const ours = new Set(items.flatMap(interfacesOf));
      const others = [...fleet.tunnels()].filter(({ interfaceName }) => !ours.has(interfaceName));
      this.#notOurs = new Map(others.map(({ interfaceName, placed }) => [interfaceName, placed]));
      this.#resume('The API server answers again');
    } catch (err) {
      // The next renewal tries again.
      logger.debug({ err }, 'Could not find out which tunnels are still of this node.');
    }
  }

  #resume(why: string): void {
    this.#hasLapsed = false;
    this.forget();
    this.#options.logger.info(
      { notOurs: [...this.#notOurs.keys()] },
      `${why}; the tunnels of this node speak again.`,
    );
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(action).catch(() => undefined);
    return this.#turn;
  }
}
