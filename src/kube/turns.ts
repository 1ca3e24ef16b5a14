import { Line, type Place } from './line.ts';

/** Keys that belong together, e.g. those of a namespace. */
interface Flow {
  readonly waiting: Line<string>;
  inRound: Place<string>;
  /** Among those that have had no turn since they began to wait. */
  asNewcomer: Place<string> | undefined;
}

interface Ticket {
  readonly flow: string;
  readonly inFlow: Place<string>;
  readonly inAll: Place<string>;
}

/**
 * Keys that wait, and whose turn it is. In threes:
 *
 *   1. the flow whose last turn is longest ago, its oldest key: flows go round, so that whoever brings ten keys is not
 *      behind whoever brings thousands, and nobody waits for ever;
 *   2. the flow that began to wait last, if it has had no turn yet: a new one is not behind a thousand others. Where there
 *      is none, the next flow of the round, its newest key;
 *   3. the key that came last: it is not behind thousands that came before it, in the same flow too.
 *
 * Whoever comes while many are worked off is served at once, and the many lose next to nothing by it.
 */
export class Turns {
  readonly #tickets = new Map<string, Ticket>();
  readonly #flows = new Map<string, Flow>();
  /** All keys, in order of arrival. */
  readonly #all = new Line<string>();
  /** All flows, by their last turn. */
  readonly #round = new Line<string>();
  readonly #newcomers = new Line<string>();
  #turn = 0;

  get isEmpty(): boolean {
    return this.#tickets.size === 0;
  }

  /** A key that does not wait yet. */
  join(key: string, flowName: string): void {
    const flow = this.#flows.get(flowName) ?? this.#begin(flowName);
    this.#tickets.set(key, { flow: flowName, inFlow: flow.waiting.join(key), inAll: this.#all.join(key) });
  }

  leave(key: string): void {
    const ticket = this.#tickets.get(key);
    const flow = ticket && this.#flows.get(ticket.flow);
    if (ticket === undefined || flow === undefined) return;
    this.#tickets.delete(key);
    this.#all.leave(ticket.inAll);
    flow.waiting.leave(ticket.inFlow);
    if (!flow.waiting.isEmpty) return;
    this.#stepOut(flow);
    this.#flows.delete(ticket.flow);
  }

  /** Whose turn it is, who leaves by that; undefined when nobody waits. */
  call(): string | undefined {
    this.#turn = (this.#turn + 1) % 3;
    const key = this.#choose();
    if (key !== undefined) this.leave(key);
    return key;
  }

  #choose(): string | undefined {
    if (this.#turn === 0) return this.#all.last;
    const newcomer = this.#turn === 2 ? this.#newcomers.last : undefined;
    const name = newcomer ?? this.#round.first;
    const flow = name === undefined ? undefined : this.#flows.get(name);
    if (name === undefined || flow === undefined) return undefined;
    this.#stepOut(flow);
    flow.inRound = this.#round.join(name);
    return this.#turn === 1 || newcomer !== undefined ? flow.waiting.first : flow.waiting.last;
  }

  #begin(name: string): Flow {
    const inRound = this.#round.join(name);
    const flow: Flow = { waiting: new Line(), inRound, asNewcomer: this.#newcomers.join(name) };
    this.#flows.set(name, flow);
    return flow;
  }

  #stepOut(flow: Flow): void {
    this.#round.leave(flow.inRound);
    if (flow.asNewcomer !== undefined) this.#newcomers.leave(flow.asNewcomer);
    flow.asNewcomer = undefined;
  }
}
