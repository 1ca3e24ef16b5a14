import { Refusal } from './refusal.ts';

/** Most streams at once. */
export interface StreamLimits {
  total: number;
  /** By interface, or by the node where the tunnel lies. */
  perTunnel: number;
  perCaller: number;
}

export interface StreamKeys {
  tunnel: string;
  caller: string;
}

/** Counts streams against their limits. */
export class Quota {
  readonly #limits: StreamLimits;
  readonly #counts = new Map<string, number>();
  #total = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Takes a place; the result gives it back, once. @throws Refusal 503 where there is none */
  take({ tunnel, caller }: StreamKeys): () => void {
    const { total, perTunnel, perCaller } = this.#limits;
    const keys = [`tunnel ${tunnel}`, `caller ${caller}`] as const;
    const full =
      this.#total >= total
        ? `all ${total} places of this relay are`
        : this.#of(keys[0]) >= perTunnel
          ? `all ${perTunnel} places of this tunnel are`
          : this.#of(keys[1]) >= perCaller
            ? `all ${perCaller} places of ${caller} are`
            : undefined;
    if (full !== undefined) {
      throw new Refusal(503, `Too many connections: ${full} taken; close some, or try again later.`);
    }
    for (const key of keys) this.#counts.set(key, this.#of(key) + 1);
    this.#total += 1;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      this.#total -= 1;
      for (const key of keys) {
        const left = this.#of(key) - 1;
        if (left > 0) this.#counts.set(key, left);
        else this.#counts.delete(key);
      }
    };
  }

  #of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }
}
