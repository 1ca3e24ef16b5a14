import { setImmediate as turn } from 'node:timers/promises';

/** An event of the world's one timeline. */
interface Due {
  at: number;
  order: number;
  callback: (() => void) | undefined;
}

/**
 * The world's time, which passes from one event to the next: whatever happens in a world is a callback here. Events
 * of one instant come in the order in which they were asked for, and all promises that hang on one are through before
 * the next.
 */
export class Timeline {
  /** ms since the world began. */
  now = 0;
  /** The wall clock then. */
  readonly epoch = Date.parse('2026-01-02T03:04:05Z');
  /** Events so far. */
  events = 0;
  readonly #heap: Due[] = [];
  #order = 0;

  get wall(): number {
    return this.epoch + this.now;
  }

  /** Runs `callback` once, `ms` from now; the result cancels it. */
  after(ms: number, callback: () => void): () => void {
    const due: Due = { at: this.now + Math.max(ms, 0), order: this.#order++, callback };
    this.#push(due);
    return () => {
      due.callback = undefined;
    };
  }

  /** Lets time pass up to `end`, or until `enough` says so after an event. */
  async run(end: number, enough: () => boolean = () => false): Promise<void> {
    await turn();
    for (let due = this.#pop(end); due !== undefined; due = this.#pop(end)) {
      this.now = Math.max(this.now, due.at);
      this.events++;
      due.callback?.();
      await turn();
      if (enough()) return;
    }
    this.now = Math.max(this.now, end);
  }

  #pop(end: number): Due | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= end; first = this.#heap[0]) {
      this.#removeFirst();
      if (first.callback !== undefined) return first;
    }
    return undefined;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (isBefore(above, due)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (!isBefore(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
