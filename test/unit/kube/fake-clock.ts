import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/kube/index.ts';

/** A clock that moves only when told to; timers fire in order of their time, then of their making. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #epoch: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(epoch = Date.parse('2026-01-02T03:04:05.678Z')) {
    this.#epoch = epoch;
  }

  wall(): number {
    return this.#epoch + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(ms, 0), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on and runs what falls due, with the promises that hang on it. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turn();
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      await turn();
    }
    this.#now = end;
  }

  /** Moves on without running a timer, as for a process whose event loop stands still. */
  stall(ms: number): void {
    this.#now += ms;
  }

  #next(end: number) {
    let first: { at: number; callback: () => void } | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}
