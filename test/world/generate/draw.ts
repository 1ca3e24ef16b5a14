import { Chance } from '../chance.ts';
import type { Topic } from './topic.ts';

/** Draws for a history, one after the other. */
export class Draw {
  readonly #next: () => number;
  /** What a Router of this name is of as long as it lives: it cannot be changed. */
  readonly belongings = new Map<string, object>();

  constructor(seed: number) {
    this.#next = new Chance(seed).sequence('history');
  }

  chance(share: number): boolean {
    return this.#next() < share;
  }

  between(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#next() * list.length)] as T;
  }

  weighted(topics: readonly Topic[]): Topic {
    let roll = this.#next() * topics.reduce((sum, { weight }) => sum + weight, 0);
    for (const topic of topics) {
      roll -= topic.weight;
      if (roll < 0) return topic;
    }
    return topics[0] as Topic;
  }

  /** ms between two steps: mostly at once, or while the one before is being worked on. */
  pause(): number {
    const roll = this.#next();
    if (roll < 0.35) return 0;
    if (roll < 0.65) return this.between(1, 60);
    if (roll < 0.9) return this.between(60, 1500);
    return this.between(1500, 12_000);
  }
}
