import { RouterOsError } from '../errors.ts';
import type { ApiRow } from './reply.ts';

export interface CommandLimits {
  /** `!re` sentences of one command, as long as somebody waits for them. */
  maxReplies: number;
  /** Bytes on the wire of all sentences of one command. */
  maxCommandBytes: number;
}

export interface ApiReply {
  rows: ApiRow[];
  /** Of `!done`: after `add`, `ret` is the new row's id. */
  done: ApiRow;
  /** There were more rows than were asked for. */
  truncated: boolean;
}

/** What a session knows of a command on its way. */
export interface Pending {
  readonly path: string;
  /** Nobody waits for it any more. */
  readonly settled: boolean;
  /** Throws `TooLarge`. */
  count(bytes: number): void;
  /** Throws `TooLarge`. Says `enough` once, and then the router is to be told. */
  addRow(row: ApiRow): 'enough' | 'more';
  addTrap(error: RouterOsError): void;
  finish(done: ApiRow): void;
  fail(error: RouterOsError): void;
}

interface Waiter {
  resolve(reply: ApiReply): void;
  reject(error: RouterOsError): void;
  /** Called once, when nobody waits any more. */
  release(): void;
}

/**
 * A command on its way: open (rows gather) → settled (its caller has the answer or the error) → done, when the
 * router's `!done` has come and it is forgotten. The limit of bytes holds until then: a router with ten thousand
 * rows under way when it is told to stop is no enemy, one that never ends is.
 */
export class PendingCommand implements Pending {
  readonly path: string;
  readonly #limits: CommandLimits;
  readonly #takeRows: number;
  #waiter: Waiter | undefined;
  #rows: ApiRow[] = [];
  #trap: RouterOsError | undefined;
  #replies = 0;
  #bytes = 0;

  constructor(
    path: string,
    limits: CommandLimits,
    waiter: Waiter | undefined,
    takeRows = Number.POSITIVE_INFINITY,
  ) {
    this.path = path;
    this.#limits = limits;
    this.#waiter = waiter;
    this.#takeRows = takeRows;
  }

  /** One whose answer interests nobody. */
  static ignored(path: string, limits: CommandLimits): PendingCommand {
    return new PendingCommand(path, limits, undefined);
  }

  get settled(): boolean {
    return this.#waiter === undefined;
  }

  /** Throws `TooLarge`. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxCommandBytes)
      throw this.#tooLarge(`${this.#limits.maxCommandBytes} bytes`);
  }

  /** Says `enough` once, when the caller has got all it asked for and there is more. Throws `TooLarge`. */
  addRow(row: ApiRow): 'enough' | 'more' {
    if (this.settled) return 'more';
    this.#replies += 1;
    if (this.#replies > this.#limits.maxReplies) throw this.#tooLarge(`${this.#limits.maxReplies} rows`);
    if (this.#rows.length < this.#takeRows) {
      this.#rows.push(row);
      return 'more';
    }
    this.#settle((waiter) =>
      waiter.resolve({ rows: this.#rows, done: Object.create(null), truncated: true }),
    );
    return 'enough';
  }

  /** A trap is followed by `!done`; of several the first tells why. */
  addTrap(error: RouterOsError): void {
    this.#trap ??= error;
  }

  finish(done: ApiRow): void {
    const trap = this.#trap;
    this.#settle((waiter) => {
      if (trap === undefined) waiter.resolve({ rows: this.#rows, done, truncated: false });
      else waiter.reject(trap);
    });
  }

  fail(error: RouterOsError): void {
    this.#settle((waiter) => waiter.reject(error));
  }

  #settle(tell: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    this.#waiter = undefined;
    waiter.release();
    tell(waiter);
    this.#rows = [];
  }

  #tooLarge(limit: string): RouterOsError {
    return new RouterOsError('TooLarge', `The router answers ${this.path} with more than ${limit}.`);
  }
}
