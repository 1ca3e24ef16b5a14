import type { Clock } from '../../src/kube/index.ts';
import type { Timeline } from './timeline.ts';

/** A process of the world. Whatever it lives by reaches it here, so that it can be stopped between any two events. */
export class Actor {
  readonly name: string;
  readonly clock: Clock;
  isDead = false;
  /** The writes that it may still do before it is killed; `written`: whether the last one is done. */
  doom: { writesLeft: number; written: boolean } | undefined;
  /** Cuts its open watches. */
  readonly watches = new Set<() => void>();
  /** Called once, when it dies. */
  onDeath: () => void = () => {};
  readonly #timeline: Timeline;
  #stalledUntil = 0;

  constructor(name: string, timeline: Timeline) {
    this.name = name;
    this.#timeline = timeline;
    this.clock = {
      wall: () => timeline.wall,
      monotonic: () => timeline.now,
      after: (ms, callback) => timeline.after(ms, () => this.deliver(callback)),
    };
  }

  /** Lets the process know something, now or when its stall is over; never, once it is dead. */
  deliver(callback: () => void): void {
    if (this.isDead) return;
    const wait = this.#stalledUntil - this.#timeline.now;
    if (wait <= 0) callback();
    else this.#timeline.after(wait, () => this.deliver(callback));
  }

  /** For so long its event loop stands still. */
  stall(ms: number): void {
    this.#stalledUntil = this.#timeline.now + ms;
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const cut of [...this.watches]) cut();
    this.onDeath();
  }
}
