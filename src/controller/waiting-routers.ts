/**
 * Routers that wait for an address of a tunnel that has none left, each tunnel's in the order in which they came. They
 * are not looked at again until one is free: ten thousand that do not fit must cost nothing.
 */
export class WaitingRouters {
  readonly #byTunnel = new Map<number, Set<string>>();
  readonly #tunnels = new Map<string, number>();

  /** Answers how many wait for the tunnel then, this one counted. */
  add(tunnel: number, router: string): number {
    this.remove(router);
    const waiting = this.#byTunnel.get(tunnel) ?? new Set();
    this.#byTunnel.set(tunnel, waiting.add(router));
    this.#tunnels.set(router, tunnel);
    return waiting.size;
  }

  remove(router: string): void {
    const tunnel = this.#tunnels.get(router);
    if (tunnel === undefined) return;
    this.#tunnels.delete(router);
    const waiting = this.#byTunnel.get(tunnel);
    waiting?.delete(router);
    if (waiting?.size === 0) this.#byTunnel.delete(tunnel);
  }

  /** How many wait for an address of a tunnel. */
  count(tunnel: number): number {
    return this.#byTunnel.get(tunnel)?.size ?? 0;
  }

  /** The first so many, which then wait no more. */
  take(tunnel: number, count: number): string[] {
    const first: string[] = [];
    for (const router of this.#byTunnel.get(tunnel) ?? []) {
      if (first.length >= count) break;
      first.push(router);
      this.remove(router);
    }
    return first;
  }
}
