export interface ConnectionLimits {
  /** Of one source address. */
  perSource: number;
  /** Of one tunnel. */
  perTunnel: number;
  /** Of all tunnels. */
  total: number;
}

/** The connections to services of one tunnel, counted by source. */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** Of all tunnels; shared. */
  readonly #all: { open: number };
  readonly #bySource = new Map<string, number>();
  #open = 0;

  constructor(limits: ConnectionLimits, all: { open: number }) {
    this.#limits = limits;
    this.#all = all;
  }

  /** Counts one more of a source; undefined where there is no room for it, else what is to be called at its end. */
  admit(source: string): (() => void) | undefined {
    const { perSource, perTunnel, total } = this.#limits;
    const own = this.#bySource.get(source) ?? 0;
    if (own >= perSource || this.#open >= perTunnel || this.#all.open >= total) return undefined;
    this.#count(source, 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#count(source, -1);
    };
  }

  #count(source: string, by: 1 | -1): void {
    const own = (this.#bySource.get(source) ?? 0) + by;
    if (own === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, own);
    this.#open += by;
    this.#all.open += by;
  }
}
