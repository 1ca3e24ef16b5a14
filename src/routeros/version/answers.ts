import type { Children } from './inspect.ts';

export interface AnswersOptions {
  now?: () => number;
  /** How long an answer is believed. Default 6 h: packages come and go only with a restart. */
  keepForMs?: number;
  /** Answers kept in all, the oldest go first. Default 100 000. */
  most?: number;
}

/**
 * What routers answered, for a while. One router's answers are never another's: a router is hardware in somebody's shed, and what
 * it says of itself must not decide what another is sent. Equal answers are kept once, so that a fleet of one version costs
 * little more than one router.
 */
export class Answers {
  readonly #now: () => number;
  readonly #keepForMs: number;
  readonly #most: number;
  readonly #answers = new Map<string, { children: Children; until: number }>();
  readonly #shared = new Map<string, WeakRef<Children>>();

  constructor({ now = Date.now, keepForMs = 6 * 3_600_000, most = 100_000 }: AnswersOptions = {}) {
    this.#now = now;
    this.#keepForMs = keepForMs;
    this.#most = most;
  }

  get size(): number {
    return this.#answers.size;
  }

  /** `router`: names the router, its version and its board. */
  find(router: string, place: string): Children | undefined {
    const key = keyOf(router, place);
    const found = this.#answers.get(key);
    if (found === undefined) return undefined;
    if (found.until > this.#now()) return found.children;
    this.#answers.delete(key);
    return undefined;
  }

  keep(router: string, place: string, children: Children): void {
    const key = keyOf(router, place);
    this.#answers.delete(key);
    this.#answers.set(key, { children: this.#once(children), until: this.#now() + this.#keepForMs });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break;
      this.#answers.delete(oldest);
    }
  }

  #once(children: Children): Children {
    const text = `${children.isCut} ${[...children.names].sort().join(' ')}`;
    const known = this.#shared.get(text)?.deref();
    if (known !== undefined) return known;
    this.#shared.set(text, new WeakRef(children));
    if (this.#shared.size > MOST_SHARED) this.#sweep();
    return children;
  }

  #sweep(): void {
    for (const [text, reference] of this.#shared)
      if (reference.deref() === undefined) this.#shared.delete(text);
    // Routers that each answer otherwise are not worth sharing for.
    if (this.#shared.size > MOST_SHARED) this.#shared.clear();
  }
}

const MOST_SHARED = 4096;
const keyOf = (router: string, place: string): string => `${router}\n${place}`;
