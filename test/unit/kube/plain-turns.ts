/** The rule of Turns said in the plainest way: each question is answered by looking at all that wait. */
export class PlainTurns {
  /** In order of arrival. */
  waiting: { key: string; flow: string }[] = [];
  /** Flows that wait, the one whose last turn is longest ago first; those without a turn by when they began. */
  round: string[] = [];
  newcomers: string[] = [];
  calls = 0;

  join(key: string, flow: string): void {
    if (!this.round.includes(flow)) {
      this.round.push(flow);
      this.newcomers.push(flow);
    }
    this.waiting.push({ key, flow });
  }

  leave(key: string): void {
    this.waiting = this.waiting.filter((one) => one.key !== key);
    const flows = new Set(this.waiting.map(({ flow }) => flow));
    this.round = this.round.filter((flow) => flows.has(flow));
    this.newcomers = this.newcomers.filter((flow) => flows.has(flow));
  }

  call(): string | undefined {
    const kind = (['all', 'round', 'newcomers'] as const)[++this.calls % 3];
    const newcomer = kind === 'newcomers' ? this.newcomers.at(-1) : undefined;
    const flow = newcomer ?? this.round[0];
    const own = this.waiting.filter((candidate) => candidate.flow === flow);
    const isNewest = kind === 'newcomers' && newcomer === undefined;
    const called = kind === 'all' ? this.waiting.at(-1) : own.at(isNewest ? -1 : 0);
    if (called === undefined) return undefined;
    if (kind !== 'all') {
      this.newcomers = this.newcomers.filter((name) => name !== flow);
      this.round = [...this.round.filter((name) => name !== flow), called.flow];
    }
    this.leave(called.key);
    return called.key;
  }
}
