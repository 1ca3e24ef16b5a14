/** Routers that are in work at once, by what bounds them. */
export class Lanes {
  readonly #busy = new Map<string, number>();

  /** Takes a place in each of these lanes, or in none where one is full. Returns what gives the places back. */
  enter(limits: ReadonlyMap<string, number>): (() => void) | undefined {
    for (const [lane, most] of limits) if ((this.#busy.get(lane) ?? 0) >= most) return undefined;
    for (const lane of limits.keys()) this.#busy.set(lane, (this.#busy.get(lane) ?? 0) + 1);
    return () => {
      for (const lane of limits.keys()) {
        const left = (this.#busy.get(lane) ?? 1) - 1;
        if (left > 0) this.#busy.set(lane, left);
        else this.#busy.delete(lane);
      }
    };
  }
}

/** A part of all places, and one at the least: some always stay free for the others. */
export const partOf = (concurrency: number, part: number): number =>
  Math.max(1, Math.floor(concurrency * part));
/** What one tunnel's routers may take of them. */
export const TUNNEL_PART = 0.75;
