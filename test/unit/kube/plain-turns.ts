const SPARSE = 8;

/** The rule of Turns said in the plainest way: each question is answered by looking at all that wait. */
export class PlainTurns {
  /** In order of arrival. */
  waiting: { key: string; flow: string }[] = [];
  /** Flows, the one whose turn in the round is longest ago first; those without a turn by when they began. */
  round: string[] = [];
  /** Keys called of each flow since the round last came by. */
  called = new Map<string, number>();
  /** Sparse flows that wait, by when they began to. */
  sparse: string[] = [];
  /** Where the round came by last. */
  visited: string | undefined;
  turn = 0;
  readonly batch: number;

  constructor(batch = 1) {
    this.batch = batch;
  }

  join(key: string, flow: string): void {
    if (!this.round.includes(flow)) this.round.push(flow);
    if (!this.waits(flow) && (this.called.get(flow) ?? 0) < SPARSE) this.sparse.push(flow);
    this.waiting.push({ key, flow });
  }

  leave(key: string): void {
    this.waiting = this.waiting.filter((one) => one.key !== key);
    this.sparse = this.sparse.filter((flow) => this.waits(flow) && (this.called.get(flow) ?? 0) < SPARSE);
    if (this.waiting.length > 0) return;
    this.round = [];
    this.called.clear();
  }

  call(): string[] {
    if (this.waiting.length === 0) return [];
    const kind = (['oldest', 'sparse', 'latest'] as const)[this.turn++ % 3];
    const last = this.waiting.at(-1);
    const sparse = kind === 'sparse' ? this.sparse.at(-1) : undefined;
    const flow = kind === 'latest' ? last?.flow : (sparse ?? this.ofRound(kind === 'sparse'));
    const own = this.waiting.filter((one) => one.flow === flow);
    const areOldest = kind === 'oldest' || sparse !== undefined;
    const keys = (areOldest ? own : own.toReversed()).slice(0, this.batch).map(({ key }) => key);
    if (flow !== undefined) this.called.set(flow, (this.called.get(flow) ?? 0) + keys.length);
    for (const key of keys) this.leave(key);
    return keys;
  }

  /** The newest keys are those of the flow whose oldest were called before. */
  ofRound(isSecond: boolean): string | undefined {
    const { visited } = this;
    return isSecond && visited !== undefined && this.waits(visited) ? visited : this.nextInRound();
  }

  nextInRound(): string | undefined {
    const next = this.round.find((flow) => this.waits(flow));
    if (next === undefined) return undefined;
    for (const passed of this.round.splice(0, this.round.indexOf(next) + 1)) this.called.delete(passed);
    this.round.push(next);
    this.visited = next;
    return next;
  }

  waits(flow: string): boolean {
    return this.waiting.some((one) => one.flow === flow);
  }
}
