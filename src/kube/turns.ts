import { Line, type Place } from './line.ts';

/** Keys that belong together, e.g. those of a namespace. */
interface Flow {
  readonly waiting: Line<string>;
  inRound: Place<string>;
  /** Among those that are sparse and wait. */
  asSparse: Place<string> | undefined;
  /** Keys called since the round last came by. */
  called: number;
}

interface Ticket {
  readonly flow: string;
  readonly inFlow: Place<string>;
  readonly inAll: Place<string>;
}

/** A flow of which fewer keys than these were called since the round last came by is sparse. */
const SPARSE = 8;

/**
 * Keys that wait, and whose turn it is. A turn calls a batch of one flow, or as many as it has. In threes:
 *
 *   1. the flow whose turn in the round is longest ago, its oldest keys: flows go round, so that whoever brings ten keys is
 *      not behind whoever brings thousands, and nobody waits for ever;
 *   2. of the sparse flows the one that began to wait last, its oldest keys: who brings little is not behind a thousand
 *      others. One that is only empty for a moment between a pipeline's keys is not sparse, as in RFC 8290 §4.2. Where there
 *      is none, the flow of the turn before, its newest keys;
 *   3. the flow of the key that came last, its newest keys: it is not behind thousands that came before it, in the same
 *      flow too.
 *
 * Whoever comes while many are worked off is served at once, and the many lose next to nothing by it.
 */
export class Turns {
  readonly #batch: number;
  readonly #tickets = new Map<string, Ticket>();
  /** Those that wait, and those that have come to nothing since the round last came by. */
  readonly #flows = new Map<string, Flow>();
  /** All keys, in order of arrival. */
  readonly #all = new Line<string>();
  /** All flows, by their last turn in the round. */
  readonly #round = new Line<string>();
  readonly #sparse = new Line<string>();
  /** Where the round came by last. */
  #visited: string | undefined;
  #turn = 0;

  constructor(batch = 1) {
    this.#batch = batch;
  }

  get isEmpty(): boolean {
    return this.#tickets.size === 0;
  }

  /** A key that does not wait yet. */
  join(key: string, flowName: string): void {
    const flow = this.#flows.get(flowName) ?? this.#begin(flowName);
    if (flow.waiting.isEmpty && flow.called < SPARSE) flow.asSparse = this.#sparse.join(flowName);
    this.#tickets.set(key, { flow: flowName, inFlow: flow.waiting.join(key), inAll: this.#all.join(key) });
  }

  leave(key: string): void {
    const ticket = this.#tickets.get(key);
    const flow = ticket && this.#flows.get(ticket.flow);
    if (ticket === undefined || flow === undefined) return;
    this.#tickets.delete(key);
    this.#all.leave(ticket.inAll);
    flow.waiting.leave(ticket.inFlow);
    if (flow.waiting.isEmpty) this.#isNoLongerSparse(flow);
    if (this.isEmpty) this.#forgetFlows();
  }

  /** The keys whose turn it is, who leave by that; none when nobody waits. */
  call(): string[] {
    if (this.isEmpty) return [];
    this.#turn = (this.#turn + 1) % 3;
    if (this.#turn === 0) return this.#take(this.#flowOfLast(), 'last');
    const sparse = this.#turn === 2 ? this.#sparse.last : undefined;
    if (sparse !== undefined) return this.#take(this.#flows.get(sparse), 'first');
    if (this.#turn === 1) return this.#take(this.#nextInRound(), 'first');
    return this.#take(this.#ofLastTurn() ?? this.#nextInRound(), 'last');
  }

  #take(flow: Flow | undefined, end: 'first' | 'last'): string[] {
    const called: string[] = [];
    while (flow !== undefined && called.length < this.#batch) {
      const key = flow.waiting[end];
      if (key === undefined) break;
      this.leave(key);
      called.push(key);
      flow.called += 1;
    }
    if (flow !== undefined && flow.called >= SPARSE) this.#isNoLongerSparse(flow);
    return called;
  }

  /** What is written of one flow in two turns that follow each other can often be one write, too. */
  #ofLastTurn(): Flow | undefined {
    const flow = this.#visited === undefined ? undefined : this.#flows.get(this.#visited);
    return flow?.waiting.isEmpty ? undefined : flow;
  }

  #flowOfLast(): Flow | undefined {
    const ticket = this.#all.last === undefined ? undefined : this.#tickets.get(this.#all.last);
    return ticket && this.#flows.get(ticket.flow);
  }

  /** The next one that waits; those that do not are forgotten. */
  #nextInRound(): Flow | undefined {
    for (let name = this.#round.first; name !== undefined; name = this.#round.first) {
      const flow = this.#flows.get(name);
      if (flow === undefined) return undefined;
      this.#round.leave(flow.inRound);
      if (flow.waiting.isEmpty) {
        this.#flows.delete(name);
        continue;
      }
      flow.inRound = this.#round.join(name);
      flow.called = 0;
      this.#visited = name;
      return flow;
    }
    return undefined;
  }

  #begin(name: string): Flow {
    const flow: Flow = {
      waiting: new Line(),
      inRound: this.#round.join(name),
      asSparse: undefined,
      called: 0,
    };
    this.#flows.set(name, flow);
    return flow;
  }

  #forgetFlows(): void {
    for (const { inRound } of this.#flows.values()) this.#round.leave(inRound);
    this.#flows.clear();
  }

  #isNoLongerSparse(flow: Flow): void {
    if (flow.asSparse !== undefined) this.#sparse.leave(flow.asSparse);
    flow.asSparse = undefined;
  }
}
