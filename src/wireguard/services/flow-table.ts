/** What a table holds; closed when its place is needed or nothing has come for long. */
export interface Flow {
  /** The router's address. */
  readonly source: string;
  close(): void;
}

export interface FlowLimits {
  /** Of one source address. */
  perSource: number;
  /** Of one tunnel. */
  perTunnel: number;
  /** Of all tunnels. */
  total: number;
  /** Without a packet in either direction, ms. */
  idleMs: number;
}

interface Entry<F extends Flow> {
  flow: F;
  usedAt: number;
}

/** All tables of a sidecar, which share one bound: where it is reached, the fullest gives way. */
export class FlowBudget {
  readonly limits: FlowLimits;
  readonly #tables = new Set<FlowTable<Flow>>();
  #used = 0;

  constructor(limits: FlowLimits) {
    this.limits = limits;
  }

  get used(): number {
    return this.#used;
  }

  join(table: FlowTable<Flow>): void {
    this.#tables.add(table);
  }

  leave(table: FlowTable<Flow>): void {
    this.#tables.delete(table);
  }

  take(): void {
    if (this.#used >= this.limits.total) this.#fullest()?.dropOldest();
    this.#used += 1;
  }

  giveBack(): void {
    this.#used -= 1;
  }

  #fullest(): FlowTable<Flow> | undefined {
    let fullest: FlowTable<Flow> | undefined;
    for (const table of this.#tables) if (table.size > (fullest?.size ?? 0)) fullest = table;
    return fullest;
  }
}

/**
 * The flows of one tunnel by key, the one used longest ago first. Where there is no room, a source loses its own
 * oldest flow before anybody else loses one, so that a flood costs others nothing.
 */
export class FlowTable<F extends Flow> {
  readonly #budget: FlowBudget;
  readonly #entries = new Map<string, Entry<F>>();
  /** Keys by source, the oldest first. */
  readonly #sources = new Map<string, Set<string>>();

  constructor(budget: FlowBudget) {
    this.#budget = budget;
    budget.join(this as never);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The flow, which counts as used `now` (monotonic ms). */
  use(key: string, now: number): F | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.usedAt = now;
    // To the end of both orders.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const keys = this.#sources.get(entry.flow.source);
    if (keys !== undefined && keys.size > 1) {
      keys.delete(key);
      keys.add(key);
    }
    return entry.flow;
  }

  add(key: string, flow: F, now: number): void {
    const { perSource, perTunnel } = this.#budget.limits;
    const own = this.#sources.get(flow.source);
    if (own !== undefined && own.size >= perSource) this.#drop(firstOf(own));
    else if (this.size >= perTunnel) this.dropOldest();
    this.#budget.take();
    this.#entries.set(key, { flow, usedAt: now });
    const keys = this.#sources.get(flow.source) ?? new Set();
    this.#sources.set(flow.source, keys.add(key));
  }

  dropOldest(): void {
    this.#drop(firstOf(this.#entries.keys()));
  }

  /** Drops what has not been used for too long. */
  sweep(now: number): void {
    for (const [key, { usedAt }] of this.#entries) {
      if (now - usedAt < this.#budget.limits.idleMs) return;
      this.#drop(key);
    }
  }

  dropWhere(matches: (flow: F) => boolean): void {
    for (const [key, { flow }] of this.#entries) if (matches(flow)) this.#drop(key);
  }

  /** Drops all; no flow may be added afterwards. */
  close(): void {
    this.dropWhere(() => true);
    this.#budget.leave(this as never);
  }

  #drop(key: string | undefined): void {
    const entry = key === undefined ? undefined : this.#entries.get(key);
    if (key === undefined || entry === undefined) return;
    this.#entries.delete(key);
    const keys = this.#sources.get(entry.flow.source);
    keys?.delete(key);
    if (keys?.size === 0) this.#sources.delete(entry.flow.source);
    this.#budget.giveBack();
    entry.flow.close();
  }
}

function firstOf<T>(values: Iterable<T>): T | undefined {
  for (const value of values) return value;
  return undefined;
}
