import { SidecarError, stopping } from '../errors.ts';

/** Operations of one tunnel run one after the other; those of different tunnels side by side, up to a limit. */
export class OperationQueue {
  readonly #atOnce: number;
  readonly #waitingPerKey: number;
  readonly #tails = new Map<string, { done: Promise<unknown>; length: number }>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(limits: { atOnce: number; waitingPerKey: number }) {
    this.#atOnce = limits.atOnce;
    this.#waitingPerKey = limits.waitingPerKey;
  }

  /** Operations that run or wait now. */
  get size(): number {
    return [...this.#tails.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Runs an operation when it is its turn. Rejects with `Busy` where too many wait for this key already. */
  async run<T>(key: string, operation: () => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    const tail = this.#tails.get(key);
    const length = tail?.length ?? 0;
    if (length > this.#waitingPerKey) {
      throw new SidecarError('Busy', `${length} operations wait for ${key} already; try again later.`);
    }
    const result = (tail?.done ?? Promise.resolve()).then(() => this.#withSlot(operation));
    const done = result.then(
      () => this.#leave(key),
      () => this.#leave(key),
    );
    this.#tails.set(key, { done, length: length + 1 });
    return result;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * Takes no operation any more, and refuses those that wait with `Stopping`: a successor may have the node before
   * their turn. Resolves when those that run are done.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#tails.values()].map(({ done }) => done));
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw stopping();
  }

  #leave(key: string): void {
    const tail = this.#tails.get(key);
    if (tail === undefined) return;
    tail.length -= 1;
    if (tail.length === 0) this.#tails.delete(key);
  }

  async #withSlot<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      this.#refuseWhenClosed();
      return await operation();
    } finally {
      // The slot passes on as it is, so that nobody can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
