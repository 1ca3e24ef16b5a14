import { setTimeout as sleep } from 'node:timers/promises';

/** Time as an argument. */
export interface Timing {
  /** ms, monotonic. */
  now(): number;
  /** Rejects when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<unknown>;
}

const PER_SECOND = 500;
const AT_ONCE = 100;

const REAL: Timing = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }),
};

/**
 * Spreads the handshakes that interfaces made anew begin with: a fleet that is spoken to all at once would answer all
 * at once. All tunnels of the node share one pace; who asks first is served first.
 */
export class Greeter {
  readonly #timing: Timing;
  readonly #stopped = new AbortController();
  #free = Number.NEGATIVE_INFINITY;

  constructor(timing = REAL) {
    this.#timing = timing;
  }

  /** Calls `send` with some keys at a time; ends early when it throws or everything stops. */
  async greet(
    publicKeys: readonly string[],
    send: (publicKeys: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    const { signal } = this.#stopped;
    for (let from = 0; from < publicKeys.length; from += AT_ONCE) {
      const some = publicKeys.slice(from, from + AT_ONCE);
      const wait = this.#reserve(some.length, this.#timing.now());
      if (wait > 0) await this.#timing.sleep(wait, signal).catch(() => undefined);
      if (signal.aborted) return;
      await send(some);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Milliseconds until so many may be greeted. */
  #reserve(count: number, now: number): number {
    const at = Math.max(now, this.#free);
    this.#free = at + (count * 1000) / PER_SECOND;
    return at - now;
  }
}
