import { type BackoffOptions, backoffMs } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { Turns } from './turns.ts';

/** A person waits for it. */
export const PRIORITY_LIVE = 0;
/** Only a status changed, most likely by our own hand. */
export const PRIORITY_STATUS = -20;
/** It has failed several times: live changes go first, also when thousands fail at once. */
export const PRIORITY_RETRY = -50;
/** A restart or a resync brought it. */
export const PRIORITY_RESTART = -100;

export interface AddOptions {
  /** Larger goes first; default {@link PRIORITY_LIVE}, or while the key is in work the one it was taken with. */
  priority?: number;
}

export interface WorkQueueOptions {
  clock?: Clock;
  random?: () => number;
  /** Takes nothing in until {@link WorkQueue.wake}: of what changes while nobody works only the last state counts. */
  asleep?: boolean;
  /** What a key belongs to; those of one flow do not hold up others. Default: what stands before its first `/`. */
  flowOf?: (key: string) => string;
  /**
   * How many keys of one flow are handed out at one moment, if so many wait, and as soon as so many takers are free: what
   * they write to the same object can then be one write. Default 1.
   */
  batch?: number;
  /**
   * Default 5 ms doubling to 60 s. client-go's 1,000 s would leave an object alone for a quarter of an hour after
   * its cause, outside the cluster, is mended; a minute is what a person waits, and failing keys queue last anyhow.
   */
  backoff?: BackoffOptions;
}

export interface WorkQueueStats {
  /** Keys ready to be taken. */
  depth: number;
  /** Keys that wait for a time. */
  delayed: number;
  processing: number;
  /** Since start. */
  adds: number;
  retries: number;
  /** How long the oldest ready key has waited. */
  longestWaitMs: number;
}

interface Delayed {
  at: number;
  priority: number;
  cancel: () => void;
}

/** After so many failures in a row a key is retried at {@link PRIORITY_RETRY}. */
const PATIENCE = 3;

/**
 * Keys to reconcile. A key is in at most one place of `ready` and in at most one worker's hands:
 *
 *     add ──→ ready ──take──→ processing ──done──→ (gone, or ready again if added meanwhile)
 *     addAfter, retry ──→ delayed ──time──→ add
 *
 * Ready keys are taken by priority, then in {@link Turns}. Adding a ready key again raises its priority at most.
 * As client-go's workqueue, with controller-runtime's priorities.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: BackoffOptions;
  readonly #flowOf: (key: string) => string;
  readonly #batch: number;
  /** Ready keys by priority. */
  readonly #turns = new Map<number, Turns>();
  readonly #ready = new Map<string, { priority: number; since: number }>();
  /** The priority it was taken with. */
  readonly #processing = new Map<string, number>();
  /** Added while in work. */
  readonly #dirty = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  readonly #idle = Promise.withResolvers<void>();
  #shutDown = false;
  #asleep: boolean;
  #adds = 0;
  #retries = 0;

  constructor(options: WorkQueueOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#flowOf = options.flowOf ?? beforeSlash;
    this.#batch = options.batch ?? 1;
    this.#asleep = options.asleep ?? false;
    this.#backoff = options.backoff ?? { baseMs: 5, maxMs: 60_000 };
  }

  wake(): void {
    this.#asleep = false;
  }

  add(key: string, options: AddOptions = {}): void {
    if (this.#shutDown || this.#asleep) return;
    this.#adds++;
    this.#enqueue(key, options.priority ?? PRIORITY_LIVE);
  }

  /** Adds the key `ms` from now; of several such times the earliest counts. */
  addAfter(key: string, ms: number, options: AddOptions = {}): void {
    if (this.#shutDown || this.#asleep) return;
    if (ms <= 0) {
      this.add(key, options);
      return;
    }
    const at = this.#clock.monotonic() + ms;
    const pending = this.#delayed.get(key);
    const asked = options.priority ?? this.#processing.get(key) ?? PRIORITY_LIVE;
    const priority = Math.max(asked, pending?.priority ?? asked);
    if (pending !== undefined && pending.at <= at) {
      pending.priority = priority;
      return;
    }
    pending?.cancel();
    const cancel = this.#clock.after(ms, () => {
      const due = this.#delayed.get(key);
      this.#delayed.delete(key);
      this.add(key, { priority: due?.priority ?? priority });
    });
    this.#delayed.set(key, { at, priority, cancel });
  }

  /** Adds the key again after its backoff; tells the wait in ms. */
  retry(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    const wait = backoffMs(failures, this.#backoff, this.#random);
    if (this.#shutDown) return wait;
    this.#failures.set(key, failures);
    this.#retries++;
    const priority = this.#processing.get(key) ?? PRIORITY_LIVE;
    this.addAfter(key, wait, {
      priority: failures > PATIENCE ? Math.min(priority, PRIORITY_RETRY) : priority,
    });
    return wait;
  }

  /** Resets the key's backoff. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, once there is one; undefined after shutdown. Every key taken must be given back by `done`. */
  take(): Promise<string | undefined> {
    if (this.#shutDown) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#serve();
    });
  }

  /** Ends the work on a key that was taken. */
  done(key: string): void {
    this.#processing.delete(key);
    const dirty = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (dirty !== undefined) this.#enqueue(key, dirty);
    if (this.#shutDown && this.#processing.size === 0) this.#idle.resolve();
  }

  /**
   * Takes no more keys and forgets those that wait: whoever starts next finds them by listing. Resolves when the
   * keys in work are done.
   */
  shutdown(): Promise<void> {
    this.#shutDown = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    for (const map of [this.#delayed, this.#ready, this.#turns, this.#dirty, this.#failures]) map.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
    if (this.#processing.size === 0) this.#idle.resolve();
    return this.#idle.promise;
  }

  /** Keys ready to be taken. */
  get depth(): number {
    return this.#ready.size;
  }

  stats(): WorkQueueStats {
    const now = this.#clock.monotonic();
    let oldest = now;
    for (const { since } of this.#ready.values()) oldest = Math.min(oldest, since);
    return {
      depth: this.#ready.size,
      delayed: this.#delayed.size,
      processing: this.#processing.size,
      adds: this.#adds,
      retries: this.#retries,
      longestWaitMs: now - oldest,
    };
  }

  #enqueue(key: string, priority: number): void {
    if (this.#shutDown) return;
    if (this.#processing.has(key)) {
      this.#dirty.set(key, Math.max(priority, this.#dirty.get(key) ?? priority));
      return;
    }
    const known = this.#ready.get(key);
    if (known !== undefined) {
      if (known.priority >= priority) return;
      this.#turnsOf(known.priority).leave(key);
    }
    this.#ready.set(key, { priority, since: known?.since ?? this.#clock.monotonic() });
    this.#turnsOf(priority).join(key, this.#flowOf(key));
    this.#serve();
  }

  #serve(): void {
    while (this.#takers.length >= this.#batch && this.#ready.size > 0) {
      for (const key of this.#next()) this.#takers.shift()?.(key);
    }
  }

  #next(): string[] {
    let priority = Number.NEGATIVE_INFINITY;
    for (const [one, { isEmpty }] of this.#turns) if (!isEmpty && one > priority) priority = one;
    const keys = this.#turns.get(priority)?.call() ?? [];
    for (const key of keys) {
      this.#ready.delete(key);
      this.#processing.set(key, priority);
    }
    return keys;
  }

  #turnsOf(priority: number): Turns {
    const turns = this.#turns.get(priority) ?? new Turns(this.#batch);
    this.#turns.set(priority, turns);
    return turns;
  }
}

function beforeSlash(key: string): string {
  const slash = key.indexOf('/');
  return slash < 0 ? key : key.slice(0, slash);
}
