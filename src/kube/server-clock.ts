/** By how much this machine's clock is ahead of the API server's, ms: at least and at most; negative is behind. */
export interface ClockOffset {
  readonly least: number;
  readonly most: number;
}

/**
 * What the `Date` of a reply tells, which names the second in which it was made: somewhen between the request and the
 * reply, `sent` and `received` by this machine's wall clock. Undefined where it is no date.
 */
export function offsetFrom(date: unknown, sent: number, received: number): ClockOffset | undefined {
  const second = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(second) ? undefined : { least: sent - second - 1000, most: received - second };
}

/** What the API server's replies have last told of this machine's clock. */
export class ServerClock {
  #offset: ClockOffset | undefined;

  get offset(): ClockOffset | undefined {
    return this.#offset;
  }

  /** A reply that bears no date leaves what is known. */
  learn(date: unknown, sent: number, received: number): void {
    this.#offset = offsetFrom(date, sent, received) ?? this.#offset;
  }
}
