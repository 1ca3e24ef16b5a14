import { aborted } from './aborted.ts';
import type { BackoffOptions } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { limitSignal, settlesWithin } from './deadline.ts';
import { TerminalError } from './errors.ts';
import type { Informer } from './informer.ts';
import type { Logger } from './logger.ts';
import { type KubeObject, keyOf } from './object.ts';
import { type AddOptions, PRIORITY_LIVE, PRIORITY_RESTART, PRIORITY_STATUS, WorkQueue } from './queue.ts';
import type { Change } from './store.ts';
import { type VersionedStore, WriteTracker } from './write-tracker.ts';

export interface ReconcileContext {
  /** Aborted when the controller stops or the reconcile's time is over. */
  readonly signal: AbortSignal;
  /**
   * Tells the controller of a write, by the server's reply: this key is not reconciled again until the informer's
   * store has passed it, so that no decision rests on a cache from before.
   */
  wrote(informer: VersionedStore, object: KubeObject): void;
  /** The same of a deletion; `object` as it was before. */
  deleted(informer: VersionedStore, object: KubeObject): void;
}

export interface ReconcileResult {
  /** Reconcile again after this time, whatever happens until then. */
  requeueAfterMs?: number;
}

/**
 * Brings the world nearer to what one object asks for. An error means another try after a backoff, a
 * {@link TerminalError} none until something changes.
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined>;

export type ReconcileOutcome =
  | 'success'
  | 'requeueAfter'
  | 'error'
  | 'terminalError'
  /** Put off: the cache has not seen this key's own last write. */
  | 'stale';

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  logger: Logger;
  /** Keys in work at once; default 1. */
  concurrency?: number;
  /** Limit of one reconcile, whose signal is aborted then; default 60 s. */
  timeoutMs?: number;
  /** How long a key's write may stay unseen before the key is reconciled all the same; default 10 s. */
  staleLimitMs?: number;
  backoff?: BackoffOptions;
  /**
   * Of a process that stands by: nothing is queued until {@link Controller.wake}, or the keys of weeks would pile up.
   * {@link Controller.run} then begins with all that the watched informers hold.
   */
  asleep?: boolean;
  /** What a key belongs to, in whose number it must not hold up others; default: its namespace. */
  flowOf?: (key: string) => string;
  /** How many keys of one flow are worked on together while many wait; default 1, at most `concurrency`. */
  batch?: number;
  clock?: Clock;
  random?: () => number;
  onReconciled?: (outcome: ReconcileOutcome, seconds: number) => void;
}

/** Objects of the first list that are younger were made by somebody who waits. */
const FRESH_MS = 60_000;

/** Feeds keys from informers to a reconcile function: one worker a key, backoff for each, live changes first. */
export class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Since start; each counts from 0. */
  readonly outcomes: Readonly<Record<ReconcileOutcome, number>>;
  readonly #counts: Record<ReconcileOutcome, number> = {
    success: 0,
    requeueAfter: 0,
    error: 0,
    terminalError: 0,
    stale: 0,
  };
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #writes: WriteTracker;
  readonly #synced: Promise<void>[] = [];
  /** Enqueue what each watched informer holds. */
  readonly #lists: (() => void)[] = [];

  constructor(options: ControllerOptions) {
    const { clock = systemClock, backoff, asleep, flowOf, batch = 1, concurrency = 1, random } = options;
    this.name = options.name;
    this.outcomes = this.#counts;
    this.#options = options;
    this.#clock = clock;
    this.#logger = options.logger;
    this.#writes = new WriteTracker(options.staleLimitMs ?? 10_000, () => clock.monotonic());
    this.queue = new WorkQueue({
      clock,
      ...(backoff && { backoff }),
      ...(asleep && { asleep }),
      ...(flowOf && { flowOf }),
      // It waits for so many workers, of which there may be fewer.
      batch: Math.min(batch, concurrency),
      ...(random && { random }),
    });
  }

  /**
   * Enqueues `keys(change)` on each change, by default the object's own key. Call it before the informer and the
   * controller run. What a restart lists comes after what changes now, and so does what is only a status: each
   * reconcile brings one, and thousands of these would stand before a person's change.
   */
  watches<T extends KubeObject>(
    informer: Informer<T>,
    keys: (change: Change<T>) => readonly string[] = (change) => [change.key],
  ): void {
    const take = (change: Change<T>): void => {
      const priority = this.#priorityOf(change);
      for (const key of keys(change)) this.queue.add(key, { priority });
    };
    this.#synced.push(informer.synced);
    informer.onChange(take);
    this.#lists.push(() => {
      for (const object of informer.list())
        take({ type: 'added', key: keyOf(object), object, initial: true });
    });
  }

  /** Queues from now on. */
  wake(): void {
    this.queue.wake();
  }

  enqueue(key: string, options?: AddOptions): void {
    this.queue.add(key, options);
  }

  /**
   * Waits for the watched informers' first lists, then works until the signal. Resolves when the reconciles in work
   * have ended, at the latest `stopLimitMs` (default 4 s) after the signal. Once only.
   */
  async run(signal: AbortSignal, stopLimitMs = 4000): Promise<void> {
    const stopped = aborted(signal);
    await Promise.race([stopped, Promise.all(this.#synced).catch(() => stopped)]);
    if (this.#options.asleep) for (const list of this.#lists) list();
    const workers = signal.aborted
      ? []
      : Array.from({ length: this.#options.concurrency ?? 1 }, () => this.#work(signal));
    await stopped;
    const ended = Promise.all([this.queue.shutdown(), ...workers]);
    if (await settlesWithin(ended, stopLimitMs, this.#clock)) return;
    this.#logger.warn(
      { controller: this.name, processing: this.queue.stats().processing, stopLimitMs },
      'Reconciles are still in work after the limit; they are left behind.',
    );
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.queue.take(); key !== undefined; key = await this.queue.take()) {
      const start = this.#clock.monotonic();
      try {
        const outcome = this.#putOff(key) ? 'stale' : await this.#reconcile(key, signal);
        if (outcome === undefined) continue;
        this.#counts[outcome]++;
        this.#options.onReconciled?.(outcome, (this.#clock.monotonic() - start) / 1000);
      } catch (error) {
        this.#logger.error({ err: error, controller: this.name, key }, 'The hook for outcomes failed.');
      } finally {
        this.queue.done(key);
      }
    }
  }

  /** Its result decides about queue and backoff; undefined when stopping cut it short. */
  async #reconcile(key: string, stop: AbortSignal): Promise<ReconcileOutcome | undefined> {
    using limited = limitSignal(stop, this.#options.timeoutMs ?? 60_000, this.#clock);
    try {
      const result = await this.#options.reconcile(key, {
        signal: limited.signal,
        wrote: (informer, object) => this.#writes.wrote(key, informer, object),
        deleted: (informer, object) => this.#writes.deleted(key, informer, object),
      });
      this.queue.forget(key);
      if (result?.requeueAfterMs === undefined) return 'success';
      this.queue.addAfter(key, result.requeueAfterMs);
      return 'requeueAfter';
    } catch (error) {
      if (stop.aborted) return undefined;
      const fields = { err: error, controller: this.name, key };
      if (error instanceof TerminalError) {
        this.queue.forget(key);
        this.#logger.error(fields, 'Reconcile failed for good; it waits for a change.');
        return 'terminalError';
      }
      const retryInMs = Math.round(this.queue.retry(key));
      this.#logger.warn({ ...fields, retryInMs }, 'Reconcile failed; trying again.');
      return 'error';
    }
  }

  #putOff(key: string): boolean {
    const staleness = this.#writes.check(key);
    if (staleness.state === 'current') return false;
    const { forMs } = staleness;
    if (staleness.state === 'gaveUp') {
      this.#logger.warn({ controller: this.name, key, forMs }, 'The cache has not shown a write; going on.');
      return false;
    }
    // The write's own event usually wakes the key; this is for events that do not map to it.
    this.queue.addAfter(key, Math.min(Math.max(forMs / 2, 5), 500));
    return true;
  }

  #priorityOf<T extends KubeObject>(change: Change<T>): number {
    if (change.type === 'updated') return isStatusOnly(change) ? PRIORITY_STATUS : PRIORITY_LIVE;
    if (!change.initial) return PRIORITY_LIVE;
    const created = Date.parse(change.object.metadata.creationTimestamp ?? '');
    return this.#clock.wall() - created < FRESH_MS ? PRIORITY_LIVE : PRIORITY_RESTART;
  }
}

/** Of a kind that counts the changes of its spec; others may be all spec. */
function isStatusOnly<T extends KubeObject>({ object, old }: Change<T> & { type: 'updated' }): boolean {
  const { generation, uid, deletionTimestamp } = object.metadata;
  const before = old.metadata;
  return (
    generation !== undefined &&
    generation === before.generation &&
    uid === before.uid &&
    deletionTimestamp === before.deletionTimestamp
  );
}
