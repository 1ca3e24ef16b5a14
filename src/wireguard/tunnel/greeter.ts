import { setTimeout as sleep } from 'node:timers/promises';

const PER_SECOND = 500;
const AT_ONCE = 100;

/**
 * Spreads the handshakes that interfaces made anew begin with: a fleet that is spoken to all at once would answer all
 * at once. All tunnels of the node share one pace; who asks first is served first.
 */
export class Greeter {
  readonly #stopped = new AbortController();
  #free = 0;

  /** Calls `send` with some keys at a time; ends early when it throws or everything stops. */
  async greet(
    publicKeys: readonly string[],
    send: (publicKeys: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    for (let from = 0; from < publicKeys.length; from += AT_ONCE) {
      const some = publicKeys.slice(from, from + AT_ONCE);
      const wait = this.#reserve(some.length, performance.now());
      if (wait > 0) await sleep(wait, undefined, { signal: this.#stopped.signal, ref: false });
      if (this.#stopped.signal.aborted) return;
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
