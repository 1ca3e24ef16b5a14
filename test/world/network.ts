import { KubeApiError, type KubeApiErrorCode } from '../../src/kube/index.ts';
import { statusError } from '../../src/kube/status-error.ts';
import type { Actor } from './actor.ts';
import type { Chance } from './chance.ts';
import type { Timeline } from './timeline.ts';
import { type Fault, faultOf, LATE_MS, WEATHERS, type Weather } from './weather.ts';

/** One request on its way. */
export interface Attempt<R> {
  /** Verb, resource and key. */
  what: string;
  writes: boolean;
  idempotent: boolean;
  /** What the server does. */
  act: () => R;
}

export const refused = (code: KubeApiErrorCode, message: string, details: { cause?: unknown } = {}) =>
  new KubeApiError(code, message, details);

/** Between processes and the API server: takes time, loses requests and replies, and keeps account of it. */
export class Network {
  readonly chance: Chance;
  readonly timeline: Timeline;
  weather: Weather = WEATHERS.calm;
  /** Requests that met a fault. */
  readonly faults: Record<string, Fault> = {};
  /** Requests that the server refuses as long as it is so, as an admission webhook does. */
  readonly cursed = new Set<string>();
  /** Set in a history that says itself what happens to which request. */
  readonly #given: Readonly<Record<string, Fault>> | undefined;
  readonly #tell: (line: string) => void;
  readonly #counts = new Map<string, number>();

  constructor(
    timeline: Timeline,
    chance: Chance,
    faults: Readonly<Record<string, Fault>> | undefined,
    tell: (line: string) => void,
  ) {
    this.timeline = timeline;
    this.chance = chance;
    this.#given = faults;
    this.#tell = tell;
  }

  send<R>(actor: Actor, attempt: Attempt<R>, limitMs: number, signal?: AbortSignal): Promise<R> {
    const { what } = attempt;
    const id = this.nth(`${actor.name} ${what}`);
    const fault = this.#faultOf(id);
    const [from, to] = fault === 'late' ? LATE_MS : this.weather.latency;
    const there = this.chance.between(`${id} there`, from, to);
    const back = this.chance.between(`${id} back`, ...this.weather.latency);
    return new Promise<R>((resolve, reject) => {
      let isSettled = false;
      const settle = (settled: () => void): void => {
        if (isSettled) return;
        isSettled = true;
        signal?.removeEventListener('abort', abort);
        settled();
      };
      const fail = (error: unknown) => () => settle(() => reject(error));
      const abort = () => fail(refused('Aborted', `Cannot ${what}: it was called off.`))();
      signal?.addEventListener('abort', abort, { once: true });
      const answer = (afterMs: number, settled: () => void): void => {
        this.timeline.after(afterMs, () => actor.deliver(settled));
      };
      if (there + back > limitMs) answer(limitMs, fail(refused('Timeout', `Cannot ${what}: no reply.`)));
      if (fault === 'unsent') {
        answer(there, fail(unreachable(what, { code: 'ECONNREFUSED' })));
        return;
      }
      this.timeline.after(there, () => {
        if (actor.isDead && this.chance.of(`${id} in flight`) < 0.5) return;
        const reply = this.#serve(actor, attempt, fault);
        answer(back, 'error' in reply ? fail(reply.error) : () => settle(() => resolve(reply.result)));
      });
    });
  }

  /** The name with how often it was asked for. */
  nth(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return `${name} #${count}`;
  }

  #faultOf(id: string): Fault | undefined {
    const fault = this.#given === undefined ? faultOf(this.weather, this.chance.of(id)) : this.#given[id];
    if (fault === undefined) return undefined;
    this.faults[id] = fault;
    this.#tell(`${id}: ${fault}`);
    return fault;
  }

  #serve<R>(
    actor: Actor,
    { what, writes, act }: Attempt<R>,
    fault: Fault | undefined,
  ): { result: R } | { error: unknown } {
    if (fault === 'busy') return { error: serverError(what, 429, 'TooManyRequests', 1000) };
    if (fault === 'broken') return { error: serverError(what, 500, 'InternalError') };
    const isLast = writes && !actor.isDead && actor.doom !== undefined && --actor.doom.writesLeft <= 0;
    if (isLast && actor.doom?.written === false) {
      actor.kill();
      return { error: new Error('dead') };
    }
    const reply = attempted(what, act, this.cursed);
    if (writes) this.#tell(`${actor.name} ${what}${'error' in reply ? `: ${codeOf(reply.error)}` : ''}`);
    if (isLast) actor.kill();
    if (fault === 'lost') return { error: unreachable(what, new Error('socket hang up')) };
    if (fault === 'dubious') return { error: serverError(what, 504, 'Timeout') };
    return reply;
  }
}

function attempted<R>(
  what: string,
  act: () => R,
  cursed: ReadonlySet<string>,
): { result: R } | { error: unknown } {
  if (cursed.has(what)) return { error: serverError(what, 403, 'Forbidden') };
  try {
    return { result: act() };
  } catch (error) {
    if (!(error instanceof KubeApiError)) throw error;
    return { error };
  }
}

const codeOf = (error: unknown): string => (error instanceof KubeApiError ? error.code : String(error));

const unreachable = (what: string, cause: unknown) =>
  refused('Unreachable', `Cannot ${what}: no connection.`, { cause });

const serverError = (what: string, status: number, reason: string, retryAfterMs?: number) =>
  statusError({ what, status, body: { reason, message: 'as the weather has it' }, retryAfterMs });
