/** Who has begun a handshake and is not seen to have been let in yet: while there is somebody, a large tunnel is worth reading. */
export class Expected {
  /** When each was heard, monotonic ms; null: somebody, of whom no more is known. */
  readonly #heard = new Map<string | null, number>();

  hear(publicKey: string | null, now: number): void {
    this.#heard.set(publicKey, now);
  }

  /** Takes out those who have arrived, and those who did not come. */
  settle(hasArrived: (publicKey: string) => boolean, now: number, patienceMs: number): void {
    for (const [publicKey, at] of this.#heard) {
      const isHere = publicKey !== null && hasArrived(publicKey);
      if (isHere || now - at >= patienceMs) this.#heard.delete(publicKey);
    }
  }

  /** When one was last heard who is still expected; long ago where there is none. */
  get lastAt(): number {
    // A loop, since all routers of a tunnel may come at once, and so many are no arguments of one call.
    let last = Number.NEGATIVE_INFINITY;
    for (const at of this.#heard.values()) last = Math.max(last, at);
    return last;
  }
}
