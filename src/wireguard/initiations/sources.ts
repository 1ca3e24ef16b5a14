/** Shorter than WireGuard's own pause between two attempts, 5 s and a third of one (paper §6.1, §6.4). */
const LEAST_MS = 3_000;
const MOST_MS = 60_000;
/** Twice as long as from one change of keys to the next. */
const USUAL_MS = 240_000;
/** As many as a tunnel has peers, and some. */
const MOST_SOURCES = 70_000;

interface Earlier {
  first: number;
  last: number;
}

/**
 * What a handshake is by where it comes from alone: the first from there; one more shortly after another, as of a router
 * that is not answered; or one of those that each router makes every two minutes.
 */
export type Heard = 'first' | 'repeat' | 'usual';

/** Where handshakes come from, so that nearly all need not be deciphered. Times are arguments, monotonic ms. */
export class Sources {
  /** The longest silent first. */
  readonly #sources = new Map<string, Earlier>();

  /** `source`: address and both ports. */
  hear(source: string, now: number): Heard {
    const earlier = this.#sources.get(source);
    const since = earlier === undefined ? Number.POSITIVE_INFINITY : now - earlier.last;
    const first = earlier !== undefined && since <= MOST_MS ? earlier.first : now;
    this.#sources.delete(source);
    this.#sources.set(source, { first, last: now });
    if (this.#sources.size > MOST_SOURCES) this.#forgetOldest();
    if (since > USUAL_MS) return 'first';
    return now - first >= LEAST_MS ? 'repeat' : 'usual';
  }

  #forgetOldest(): void {
    const [oldest] = this.#sources.keys();
    if (oldest !== undefined) this.#sources.delete(oldest);
  }
}
