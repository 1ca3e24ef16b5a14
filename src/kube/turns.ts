import { Line, type Place } from './line.ts';

/** Keys that belong together, e.g. those of a namespace. */
interface Flow {
  readonly name: string;
  readonly waiting: Line<string>;
  inRound: Place<Flow> | undefined;
  /** Among those that are sparse and wait. */
  asSparse: Place<Flow> | undefined;
  /** Keys called since the round last came by. */
  called: number;
}

interface Ticket {
  readonly flow: Flow;
  readonly inFlow: Place<string>;
  readonly inAll: Place<Flow>;
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
  /** The flow of each key, in order of arrival. */
  readonly #all = new Line<Flow>();
  /** All flows, by their last turn in the round. */
  readonly #round = new Line<Flow>();
  readonly #sparse = new Line<Flow>();
  /** Where the round came by last. */
  #visited: Flow | undefined;
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
    if (flow.waiting.isEmpty && flow.called < SPARSE) flow.asSparse = this.#sparse.join(flow);
    this.#tickets.set(key, { flow, inFlow: flow.waiting.join(key), inAll: this.#all.join(flow) });
  }

  leave(key: string): void {
    const ticket = this.#tickets.get(key);
    if (ticket === undefined) return;
    const { flow, inFlow, inAll } = ticket;
    this.#tickets.delete(key);
    this.#all.leave(inAll);
    flow.waiting.leave(inFlow);
    if (flow.waiting.isEmpty) this.#isNoLongerSparse(flow);
    if (this.isEmpty) for (const one of this.#flows.values()) this.#forget(one);
  }

  /** The keys whose turn it is, who leave by that; none when nobody waits. */
  call(): string[] {
    if (this.isEmpty) return [];
    this.#turn = (this.#turn + 1) % 3;
    if (this.#turn === 1) return this.#take(this.#nextInRound(), 'first');
    if (this.#turn === 0) return this.#take(this.#all.last, 'last');
    if (this.#sparse.last !== undefined) return this.#take(this.#sparse.last, 'first');
    // What is written of one flow in two turns that follow each other can often be one write, too.
    const same = this.#visited?.waiting.isEmpty ? undefined : this.#visited;
    return this.#take(same ?? this.#nextInRound(), 'last');
  }

  #take(flow: Flow | undefined, end: 'first' | 'last'): string[] {
    const called: string[] = [];
    if (flow === undefined) return called;
    for (
      let key = flow.waiting[end];
      key !== undefined && called.length < this.#batch;
      key = flow.waiting[end]
    ) {
      this.leave(key);
      called.push(key);
    }
    flow.called += called.length;
    if (flow.called >= SPARSE) this.#isNoLongerSparse(flow);
    return called;
  }

  /** The next one that waits; those that do not are forgotten. */
  #nextInRound(): Flow | undefined {
    let flow = this.#round.first;
    for (; flow?.waiting.isEmpty; flow = this.#round.first) this.#forget(flow);
    if (flow === undefined) return undefined;
    if (flow.inRound !== undefined) this.#round.leave(flow.inRound);
    flow.inRound = this.#round.join(flow);
    flow.called = 0;
    this.#visited = flow;
    return flow;
  }

  #begin(name: string): Flow {
    const flow: Flow = { name, waiting: new Line(), inRound: undefined, asSparse: undefined, called: 0 };
    flow.inRound = this.#round.join(flow);
    this.#flows.set(name, flow);
    return flow;
  }

  #forget({ name, inRound }: Flow): void {
    this.#flows.delete(name);
    if (inRound !== undefined) this.#round.leave(inRound);
  }

  #isNoLongerSparse(flow: Flow): void {
    if (flow.asSparse !== undefined) this.#sparse.leave(flow.asSparse);
    flow.asSparse = undefined;
  }
}
