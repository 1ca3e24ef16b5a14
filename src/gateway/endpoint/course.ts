/**
 * How far the routers of one tunnel are on their way to another endpoint, and which is next. Times are monotonic ms; no clock
 * and no network.
 *
 *     waiting ──begins──▶ working ──has it──▶ through
 *        ▲                   │
 *        └──its rest is over─┴─did not get there: failed, the others wait as well; not reached, or refused: waiting, later
 *
 * One alone goes first. Once it is there others follow, as many as there is room for, until one does not get there: then
 * again one alone, after a pause.
 */
import { type EndpointChange, MAX_ENDPOINT_NAMES } from '../../api/index.ts';
import { type BackoffOptions, backoffMs } from '../../kube/index.ts';

export interface CoursePace {
  /** After a router that did not get there: of the whole tunnel. */
  tunnel: BackoffOptions;
  /** Of that router. It may be busy for 9 minutes with taking the change back. */
  router: BackoffOptions;
}

export const COURSE_PACE: CoursePace = {
  tunnel: { baseMs: 60_000, maxMs: 3_600_000 },
  router: { baseMs: 240_000, maxMs: 6 * 3_600_000 },
};

interface Tried {
  failures: number;
  notBefore: number;
  /** It was changed, and went back. */
  hasFailed: boolean;
}

export interface CourseOptions {
  /** host:port. */
  to: string;
  /** Routers that are to have it, `namespace/name`. */
  routers: Iterable<string>;
  /** What was said of this change before, by another process. */
  known?: EndpointChange | undefined;
  pace: CoursePace;
  random: () => number;
}

/** What is said of a change; sentences. */
export interface CourseReport {
  change: EndpointChange;
  /** One has got there, and none has failed since. */
  isProven: boolean;
  /** Of the last router that did not get there. */
  why?: string;
  /** Of one router that would not be changed, as long as it is that one. */
  refusal?: string;
}

export class Course {
  readonly to: string;
  readonly #pace: CoursePace;
  readonly #random: () => number;
  /** All that are not through. */
  readonly #pending: Set<string>;
  /** Of these, who may be tried as far as is known: those that are not Online are taken out until they are. */
  readonly #waiting: Set<string>;
  readonly #working = new Set<string>();
  readonly #tried = new Map<string, Tried>();
  readonly #through = new Set<string>();
  readonly #before: number;
  #isProven = false;
  #failures = 0;
  #restUntil = Number.NEGATIVE_INFINITY;
  #why: string | undefined;
  #refusal: { key: string; why: string } | undefined;
  #told: CourseReport | undefined;

  constructor({ to, routers, known, pace, random }: CourseOptions) {
    this.to = to;
    this.#pace = pace;
    this.#random = random;
    const all = new Set(routers);
    const left = known?.to === to ? leftOf(known) : undefined;
    this.#pending = left === undefined ? all : new Set(left.filter((key) => all.has(key)));
    this.#waiting = new Set(this.#pending);
    this.#before = left === undefined ? 0 : all.size - this.#pending.size;
  }

  has(key: string): boolean {
    return this.#pending.has(key);
  }

  isWorking(key: string): boolean {
    return this.#working.has(key);
  }

  get host(): string {
    return this.to.slice(0, this.to.lastIndexOf(':'));
  }

  get isProven(): boolean {
    return this.#isProven;
  }

  get isBusy(): boolean {
    return this.#working.size > 0;
  }

  /** ms until another is tried after one that did not get there. */
  restMs(now: number): number {
    return Math.max(0, this.#restUntil - now);
  }

  /** One that is Online, of which it is not known that it has the endpoint: it may have been set up with an older script. */
  arrived(key: string): void {
    if (this.#through.has(key) || this.#working.has(key)) return;
    this.#pending.add(key);
    this.#waiting.add(key);
  }

  /** It is no router of the tunnel any more. */
  gone(key: string): void {
    for (const set of [this.#pending, this.#waiting, this.#working, this.#through]) set.delete(key);
    this.#tried.delete(key);
    this.#forgetRefusal(key);
  }

  /**
   * Takes out who is to be tried now, of `room` at most; `againMs`: when somebody may be, without anything having happened.
   */
  next(room: number, isOnline: (key: string) => boolean, now: number): { begin: string[]; againMs?: number } {
    const rest = this.#restUntil - now;
    if (rest > 0) return { begin: [], ...(this.#waiting.size > 0 && { againMs: rest }) };
    const most = this.#isProven ? room - this.#working.size : Math.min(room, 1) - this.#working.size;
    const begin: string[] = [];
    let soonest = Number.POSITIVE_INFINITY;
    for (const key of this.#waiting) {
      if (begin.length >= most) break;
      const wait = (this.#tried.get(key)?.notBefore ?? now) - now;
      if (!isOnline(key)) this.#waiting.delete(key);
      else if (wait > 0) soonest = Math.min(soonest, wait);
      else begin.push(key);
    }
    for (const key of begin) {
      this.#waiting.delete(key);
      this.#working.add(key);
    }
    return { begin, ...(Number.isFinite(soonest) && { againMs: soonest }) };
  }

  /** It has the endpoint: `isProven` when it was brought there just now. */
  reached(key: string, isProven: boolean): void {
    this.#working.delete(key);
    this.#pending.delete(key);
    this.#waiting.delete(key);
    this.#tried.delete(key);
    this.#through.add(key);
    this.#forgetRefusal(key);
    if (!isProven) return;
    this.#isProven = true;
    this.#failures = 0;
    this.#why = undefined;
  }

  /** It was given the endpoint, and went back or will. */
  failed(key: string, why: string, now: number): void {
    this.#leave(key, true, now);
    this.#isProven = false;
    this.#why = why;
    // Those that were under way with it are of the same failure.
    if (now < this.#restUntil) return;
    this.#failures += 1;
    this.#restUntil = now + backoffMs(this.#failures, this.#pace.tunnel, this.#random);
  }

  /** Nothing was changed on it: it could not be spoken to. That says nothing of the endpoint. */
  unreached(key: string, now: number): void {
    this.#leave(key, this.#tried.get(key)?.hasFailed ?? false, now);
  }

  /** It was spoken to and is not as a script has left it. One of all such is told of, or each would be a write. */
  refused(key: string, why: string, now: number): void {
    this.unreached(key, now);
    if (this.#refusal === undefined || this.#refusal.key === key) this.#refusal = { key, why };
  }

  #forgetRefusal(key: string): void {
    if (this.#refusal?.key === key) this.#refusal = undefined;
  }

  #leave(key: string, hasFailed: boolean, now: number): void {
    this.#working.delete(key);
    if (!this.#pending.has(key)) return;
    const failures = (this.#tried.get(key)?.failures ?? 0) + 1;
    const notBefore = now + backoffMs(failures, this.#pace.router, this.#random);
    this.#tried.set(key, { failures, notBefore, hasFailed });
    // Behind all others: another one is tried first.
    this.#waiting.delete(key);
    this.#waiting.add(key);
  }

  /** What is to be said: the very same object until a tenth more are through, one has failed, or all is over. */
  report(): CourseReport {
    const told = this.#told;
    const failed = [...this.#tried].flatMap(([key, { hasFailed }]) => (hasFailed ? [key] : []));
    const pending = this.#pending.size - failed.length;
    const changed = this.#before + this.#through.size;
    if (told !== undefined) {
      const step = Math.max(1, Math.ceil((changed + this.#pending.size) / 10));
      const isSame =
        told.change.failed === failed.length &&
        told.why === this.#why &&
        told.refusal === this.#refusal?.why &&
        (pending === 0) === (told.change.pending === 0) &&
        Math.abs(told.change.pending - pending) < step;
      if (isSame) return told;
    }
    const names = [...new Set([...failed, ...this.#pending])].slice(0, MAX_ENDPOINT_NAMES);
    this.#told = {
      change: {
        to: this.to,
        changed,
        pending,
        failed: failed.length,
        ...(names.length > 0 && { names }),
      },
      isProven: this.#isProven,
      ...(this.#why !== undefined && { why: this.#why }),
      ...(this.#refusal !== undefined && { refusal: this.#refusal.why }),
    };
    return this.#told;
  }
}

/** While another tunnel's first router is under way, ms. */
const PIONEER_MS = 5_000;

/**
 * How long a tunnel has to wait, ms, since others go to the same host and none has got there: a class that names one which leads
 * nowhere costs one router its tunnel for a while, and not one of each tunnel. undefined: it may go.
 */
export function heldUpMs(course: Course, others: Iterable<Course>, now: number): number | undefined {
  const alike = [...others].filter((other) => other !== course && other.host === course.host);
  if (course.isProven || course.isBusy || alike.some(({ isProven }) => isProven)) return undefined;
  if (alike.some(({ isBusy }) => isBusy)) return PIONEER_MS;
  const rest = Math.max(0, ...alike.map((other) => other.restMs(now)));
  return rest > 0 ? rest : undefined;
}

/** Who is left of a change that another process has begun; undefined where not all of them are named. */
function leftOf({ pending, failed, names = [] }: EndpointChange): string[] | undefined {
  return names.length === pending + failed ? names : undefined;
}
