import { randomBytes } from 'node:crypto';
import type { KubeApi } from './api.ts';
import { events } from './builtin.ts';
import { type Clock, systemClock } from './clock.ts';
import { settlesWithin } from './deadline.ts';
import { isApiError } from './errors.ts';
import { type EventInput, type EventSource, eventKey, eventObject } from './event-object.ts';
import { EventSeries } from './event-series.ts';
import type { Logger } from './logger.ts';
import { microTime } from './microtime.ts';
import type { ObjectName } from './object.ts';

export interface EventRecorderOptions extends EventSource {
  client: Pick<KubeApi, 'create' | 'patch'>;
  logger: Logger;
  clock?: Clock;
  /** 16 hex digits that make an Event's name unique. */
  suffix?: () => string;
}

type Write =
  | { key: string; input: EventInput; at: number; count: 1 }
  /** Of a series: its new count. */
  | { key: string; input?: undefined; at: number; count: number };

/** Waiting writes; more are dropped and counted. */
const MAX_QUEUE = 1000;
const SWEEP_MS = 60_000;
const WRITE_TIMEOUT_MS = 10_000;

const randomSuffix = (): string => randomBytes(8).toString('hex');

/**
 * Writes events.k8s.io/v1 Events in the background, one at a time; like ones become a series. Events are for
 * people: nothing waits for them, and one that cannot be written is dropped.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #series = new EventSeries();
  /** The Event that stands for a series. */
  readonly #names = new Map<string, ObjectName>();
  readonly #stop = new AbortController();
  #queue: Write[] = [];
  #writing: Promise<void> | undefined;
  #cancelSweep: (() => void) | undefined;
  #dropped = 0;
  #closed = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Events given up for want of room or because the server would not take them; rate-limited ones do not count. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never throws and never waits. */
  record(input: EventInput): void {
    if (this.#closed) return;
    try {
      const key = eventKey(input);
      const { regarding } = input;
      const object = `${regarding.kind}/${regarding.namespace ?? ''}/${regarding.name}/${regarding.uid ?? ''}`;
      const decision = this.#series.observe(key, object, this.#clock.monotonic());
      const at = this.#clock.wall();
      if (decision.do === 'create') this.#push({ key, input, at, count: 1 });
      if (decision.do === 'update') this.#push({ key, at, count: decision.count });
      this.#cancelSweep ??= this.#clock.after(SWEEP_MS, () => this.#sweep());
    } catch (error) {
      this.#drop(error);
    }
  }

  /** Writes what waits and the counts of open series, for at most `limitMs`; then takes no more. */
  async close(limitMs = 2000): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    this.#pushEnded(true);
    if (this.#writing && !(await settlesWithin(this.#writing, limitMs, this.#clock))) this.#stop.abort();
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    this.#pushEnded(false);
    if (this.#names.size > 0) this.#cancelSweep = this.#clock.after(SWEEP_MS, () => this.#sweep());
  }

  #pushEnded(all: boolean): void {
    for (const { key, count } of this.#series.ended(this.#clock.monotonic(), all)) {
      this.#push({ key, at: this.#clock.wall(), count });
    }
    const waiting = new Set(this.#queue.map(({ key }) => key));
    for (const key of this.#names.keys()) {
      if (!this.#series.has(key) && !waiting.has(key)) this.#names.delete(key);
    }
  }

  #push(write: Write): void {
    if (this.#queue.length >= MAX_QUEUE) {
      this.#drop(new Error('too many Events are waiting'));
      return;
    }
    this.#queue.push(write);
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    for (let write = this.#queue.shift(); write !== undefined; write = this.#queue.shift()) {
      try {
        await (write.input === undefined
          ? this.#update(write)
          : this.#create(write.key, write.input, write.at));
      } catch (error) {
        this.#drop(error);
      }
    }
  }

  async #create(key: string, input: EventInput, at: number): Promise<void> {
    const { suffix = randomSuffix } = this.#options;
    const event = eventObject(input, this.#options, at, suffix());
    await this.#options.client.create(events, event, this.#limits());
    const { name, namespace } = event.metadata;
    this.#names.set(key, { name, ...(namespace !== undefined && { namespace }) });
  }

  async #update({ key, at, count }: Write): Promise<void> {
    const name = this.#names.get(key);
    // Its Event was dropped.
    if (name === undefined) return;
    const series = { count, lastObservedTime: microTime(at) };
    await this.#options.client.patch(events, name, { series }, this.#limits());
  }

  #limits() {
    return { signal: this.#stop.signal, timeoutMs: WRITE_TIMEOUT_MS };
  }

  #drop(error: unknown): void {
    this.#dropped++;
    // An Event outlived (an hour) or a namespace on its way out is nobody's concern.
    if (isApiError(error, 'NotFound', 'Forbidden', 'Aborted')) return;
    this.#options.logger.debug({ err: error, dropped: this.#dropped }, 'An Event was dropped.');
  }
}
