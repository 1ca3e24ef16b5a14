/**
 * One conversation with a router at a time: a change under an undo is taken for the leftover of another session by
 * whoever comes in between.
 */
export class RouterTurns {
  readonly #taken = new Set<string>();

  /** By the Router's uid; returns what ends the turn, or nothing while it is another's. */
  take(uid: string): (() => void) | undefined {
    if (this.#taken.has(uid)) return undefined;
    this.#taken.add(uid);
    return () => this.#taken.delete(uid);
  }
}
