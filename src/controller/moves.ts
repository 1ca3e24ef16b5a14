/** So many at once, and so many a second after that: each costs its routers a handshake. */
const AT_ONCE = 20;
const PER_SECOND = 10;

/** The pace of moves that are not urgent, as a bucket of tokens. What lies on a lost node does not wait for it. */
export class Moves {
  readonly #now: () => number;
  #left = AT_ONCE;
  #filledAt: number;

  /** @param now ms, monotonic */
  constructor(now: () => number) {
    this.#now = now;
    this.#filledAt = now();
  }

  /** Takes one, or tells how many ms to wait for it. */
  take(): 'now' | number {
    const now = this.#now();
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#left < 1) return ((1 - this.#left) * 1000) / PER_SECOND;
    this.#left -= 1;
    return 'now';
  }
}
