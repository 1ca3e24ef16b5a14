import type { Clock } from '../../kube/index.ts';

export interface Rate {
  perSecond: number;
  burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets, one for each key, at most so many keys: one that is forgotten is full again. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rate: Rate;
  readonly #most: number;
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(rate: Rate, clock: Pick<Clock, 'monotonic'>, most = 4_096) {
    this.#rate = rate;
    this.#clock = clock;
    this.#most = most;
  }

  /** Whether one more is within the rate, which is then taken. */
  take(key: string): boolean {
    const now = this.#clock.monotonic();
    const { perSecond, burst } = this.#rate;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
    const isWithin = tokens >= 1;
    // Moved to the end, so that the first is the one that asked longest ago.
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: isWithin ? tokens - 1 : tokens, at: now });
    if (this.#buckets.size > this.#most) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return isWithin;
  }
}
