import type { Arrival, Arrivals } from '../protocol.ts';

/** So many are kept for whoever asks again; older ones say nothing any more. */
const KEPT = 1_000;

/** Who has begun a handshake of late, for those who wait to be told. */
export class ArrivalBoard {
  #sequence = 1;
  /** The last `KEPT`, of which the last has the sequence. */
  readonly #last: Arrival[] = [];
  readonly #waiting = new Set<() => void>();

  add(arrival: Arrival): void {
    this.#sequence += 1;
    this.#last.push(arrival);
    if (this.#last.length > KEPT) this.#last.shift();
    this.wake();
  }

  /** Whoever waits is answered now. */
  wake(): void {
    for (const resolve of [...this.#waiting]) resolve();
  }

  /** Those after `after`, as soon as there are some; none after `limitMs`. To 0 the answer comes at once. */
  async after(after: number, limitMs: number): Promise<Omit<Arrivals, 'listening'>> {
    const isOurs = after <= this.#sequence;
    if (after === this.#sequence) await this.#wait(limitMs);
    const count = isOurs ? this.#sequence - after : KEPT;
    return { sequence: this.#sequence, arrivals: count === 0 ? [] : this.#last.slice(-count) };
  }

  #wait(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      timer.unref();
      this.#waiting.add(done);
    });
  }
}
