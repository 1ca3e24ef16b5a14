import type { Clock } from '../../kube/index.ts';

/** Values that are good for a while, at most so many: the oldest goes first. */
export class ExpiringCache<V> {
  readonly #entries = new Map<string, { value: V; until: number }>();
  readonly #most: number;
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(most: number, clock: Pick<Clock, 'monotonic'>) {
    this.#most = most;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.#clock.monotonic()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: V, ms: number): void {
    this.#entries.delete(key);
    if (ms <= 0) return;
    this.#entries.set(key, { value, until: this.#clock.monotonic() + ms });
    if (this.#entries.size <= this.#most) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
