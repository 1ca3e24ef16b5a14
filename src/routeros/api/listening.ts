import { RouterOsError } from '../errors.ts';
import type { CommandLimits, Pending } from './pending.ts';
import type { ApiRow } from './reply.ts';

export interface ListenOptions {
  signal?: AbortSignal;
  /** Rows that may wait for whoever reads them; one more ends the listening with `TooLarge`. Default 1000. */
  mostWaiting?: number;
}

/**
 * The rows of a `listen`, one at a time as they change, until the reader stops, the signal fires, or the session ends.
 * A row that is gone comes as its `.id` with `.dead=true` (MikroTik manual, API, "listen").
 *
 * What waits to be read is bounded in rows and bytes. There is no time-out, since nothing may change for a year: whoever
 * needs to know that the router is still there asks it something else.
 */
export class ListeningCommand implements Pending, AsyncIterableIterator<ApiRow> {
  readonly path: string;
  readonly #limits: CommandLimits;
  readonly #mostWaiting: number;
  readonly #cancel: () => void;
  readonly #release: () => void;
  readonly #waiting: { row: ApiRow; bytes: number }[] = [];
  #readers: { resolve(result: IteratorResult<ApiRow>): void; reject(error: RouterOsError): void }[] = [];
  #bytes = 0;
  #lastBytes = 0;
  #trap: RouterOsError | undefined;
  #end: 'over' | RouterOsError | undefined;

  /** `cancel` tells the router to stop; what still comes is then dropped. `release` is called once, at the end. */
  constructor(
    path: string,
    limits: CommandLimits,
    mostWaiting: number,
    { cancel, release }: { cancel: () => void; release: () => void },
  ) {
    this.path = path;
    this.#limits = limits;
    this.#mostWaiting = mostWaiting;
    this.#cancel = cancel;
    this.#release = release;
  }

  get settled(): boolean {
    return this.#end !== undefined;
  }

  /** Throws `TooLarge`. */
  count(bytes: number): void {
    this.#lastBytes = bytes;
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxCommandBytes)
      throw new RouterOsError(
        'TooLarge',
        `The router tells more of ${this.path} than is read: ${this.#limits.maxCommandBytes} bytes wait.`,
      );
  }

  addRow(row: ApiRow): 'enough' | 'more' {
    if (this.settled) return 'more';
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      this.#bytes -= this.#lastBytes;
      reader.resolve({ done: false, value: row });
      return 'more';
    }
    if (this.#waiting.length < this.#mostWaiting) {
      this.#waiting.push({ row, bytes: this.#lastBytes });
      return 'more';
    }
    this.fail(
      new RouterOsError(
        'TooLarge',
        `More than ${this.#mostWaiting} changes of ${this.path} wait to be read.`,
      ),
    );
    return 'enough';
  }

  addTrap(error: RouterOsError): void {
    this.#trap ??= error;
  }

  finish(): void {
    this.#stop(this.#trap ?? 'over');
  }

  fail(error: RouterOsError): void {
    this.#stop(error);
  }

  /** Rows that have come before the end are read first. Throws what ended it, if the reader did not. */
  next(): Promise<IteratorResult<ApiRow>> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      this.#bytes -= waiting.bytes;
      return Promise.resolve({ done: false, value: waiting.row });
    }
    if (this.#end === 'over') return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** The reader has enough. */
  return(): Promise<IteratorResult<ApiRow>> {
    if (!this.settled) this.#cancel();
    this.#waiting.length = 0;
    this.#stop('over');
    this.#end = 'over';
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(end: 'over' | RouterOsError): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#release();
    for (const reader of this.#readers) {
      if (end === 'over') reader.resolve({ done: true, value: undefined });
      else reader.reject(end);
    }
    this.#readers = [];
  }
}
