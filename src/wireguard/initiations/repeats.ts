/** Shorter than WireGuard's own pause between two attempts, 5 s and a third of one (paper §6.1, §6.4). */
const LEAST_MS = 3_000;
const MOST_MS = 60_000;
const MOST_SOURCES = 10_000;

interface Earlier {
  first: number;
  last: number;
}

/**
 * Who begins a handshake again and again. A router that is let in begins one in two minutes, so this leaves out nearly
 * all before anything is deciphered. Times are arguments, monotonic ms.
 */
export class Repeats {
  /** The longest silent first. */
  readonly #sources = new Map<string, Earlier>();

  /** Whether this source, address and both ports, began one before, not just now and not long ago. */
  isRepeat(source: string, now: number): boolean {
    const earlier = this.#sources.get(source);
    const isKnown = earlier !== undefined && now - earlier.last <= MOST_MS;
    this.#sources.delete(source);
    this.#sources.set(source, { first: isKnown ? earlier.first : now, last: now });
    if (this.#sources.size > MOST_SOURCES) this.#forgetOldest();
    return isKnown && now - earlier.first >= LEAST_MS;
  }

  #forgetOldest(): void {
    const [oldest] = this.#sources.keys();
    if (oldest !== undefined) this.#sources.delete(oldest);
  }
}
