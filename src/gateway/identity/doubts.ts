/** What is remembered of peers that give cause for doubt, and what is to be done about each. Times: monotonic ms. */
import { type Answer, type Finding, findingOf, type Suspect } from './finding.ts';
import { beginTrail, isFlapping, isStale, nextTrail, type Sight, type Trail } from './trail.ts';

/** Log-ins that one doubt is worth. */
const MOST_ASKED = 12;
/**
 * The server answers with the keys of whoever shook hands last: the other one is asked in vain. So it is asked after a
 * handshake, or else now and then.
 */
const LEAST_PAUSE_MS = 5_000;
const PAUSE_MS = 60_000;
/** One that roams is looked at again after so long, and then after twice as long. */
const CONTENT_MS = 60 * 60_000;
const LONGEST_CONTENT_MS = 24 * 60 * 60_000;
/** So long nothing of a second router must have been seen. */
const QUIET_MS = 30 * 60_000;
const ASK_WHEN_QUIET_MS = 5 * 60_000;
/** Two serial numbers within this come by turns. */
const TURNS_MS = 60 * 60_000;

export interface Doubt {
  trail: Trail | undefined;
  answers: Map<string, Answer>;
  asked: number;
  /** When last. */
  askedAt: number;
  finding: Finding | undefined;
  /** How often it was found to roam. */
  roamed: number;
  /** Until then it may come from where it will. */
  contentUntil: number;
  /** Whose serial number was followed by another one, and when. */
  before: Suspect | undefined;
  changedAt: number;
  /** Since when its status is known to say that it is cloned. */
  clonedSince: number | undefined;
}

const newDoubt = (): Doubt => ({
  trail: undefined,
  answers: new Map(),
  asked: 0,
  askedAt: Number.NEGATIVE_INFINITY,
  finding: undefined,
  roamed: 0,
  contentUntil: Number.NEGATIVE_INFINITY,
  before: undefined,
  changedAt: Number.NEGATIVE_INFINITY,
  clonedSince: undefined,
});

export type Need =
  /** Log in, and tell with {@link Doubts.answered} or {@link Doubts.refused}. */
  'ask' | 'none';

/** By interface and public key: a router with another key is another one. */
export class Doubts {
  readonly #doubts = new Map<string, Doubt>();

  keys(): IterableIterator<string> {
    return this.#doubts.keys();
  }

  get(key: string): Doubt | undefined {
    return this.#doubts.get(key);
  }

  forget(key: string): void {
    this.#doubts.delete(key);
  }

  /** A peer was read. `from`: where it was before, if that is elsewhere. */
  sighted(key: string, sight: Sight, from: string | undefined, now: number): void {
    const doubt = this.#doubts.get(key);
    if (doubt?.trail !== undefined) doubt.trail = nextTrail(doubt.trail, sight, now);
    else if (from !== undefined) {
      this.#of(key).trail = nextTrail(beginTrail({ ...sight, endpoint: from }, now), sight, now);
    }
  }

  /** Its status says another serial number than before. */
  changed(key: string, before: Suspect, now: number): void {
    Object.assign(this.#of(key), { before, changedAt: now });
  }

  /** Its status says that it is cloned, or does not. */
  said(key: string, isCloned: boolean, now: number): void {
    const doubt = this.#doubts.get(key);
    if (!isCloned && doubt === undefined) return;
    const known = doubt ?? this.#of(key);
    if (isCloned) known.clonedSince ??= now;
    else if (known.clonedSince !== undefined) this.#doubts.delete(key);
  }

  /** Whose place another one took within the hour. */
  before(key: string, now: number): Suspect | undefined {
    const doubt = this.#doubts.get(key);
    return doubt !== undefined && now - doubt.changedAt < TURNS_MS ? doubt.before : undefined;
  }

  /** What to do about it now. `mayAsk`: the operator logs in to this router. */
  need(key: string, mayAsk: boolean, now: number): Need {
    const doubt = this.#doubts.get(key);
    if (doubt === undefined) return 'none';
    if (doubt.clonedSince !== undefined) return this.#whileCloned(doubt, mayAsk, now);
    const { trail } = doubt;
    if (trail === undefined || now < doubt.contentUntil || !isFlapping(trail, now)) return 'none';
    const isOver = !mayAsk || doubt.asked >= MOST_ASKED;
    doubt.finding = findingOf(trail, doubt.answers, isOver, now);
    if (doubt.finding?.kind === 'Roaming') this.#content(doubt, now);
    if (doubt.finding !== undefined || isOver || !isTime(doubt, trail, now)) return 'none';
    return doubt.answers.get(trail.endpoint)?.serial === undefined ? 'ask' : 'none';
  }

  #whileCloned(doubt: Doubt, mayAsk: boolean, now: number): Need {
    const quietSince = Math.max(doubt.clonedSince ?? now, doubt.trail?.movedAt ?? 0);
    if (now - quietSince < QUIET_MS) {
      if (doubt.finding?.kind === 'Alone') doubt.finding = undefined;
      return 'none';
    }
    if (doubt.finding?.kind === 'Alone') return 'none';
    if (mayAsk) return now - doubt.askedAt < ASK_WHEN_QUIET_MS ? 'none' : 'ask';
    doubt.finding = { kind: 'Alone', serial: undefined };
    return 'none';
  }

  #content(doubt: Doubt, now: number): void {
    const forMs = Math.min(CONTENT_MS * 2 ** doubt.roamed, LONGEST_CONTENT_MS);
    Object.assign(doubt, {
      answers: new Map(),
      asked: 0,
      roamed: doubt.roamed + 1,
      contentUntil: now + forMs,
    });
  }

  /** Somebody logs in to it now. */
  asking(key: string, now: number): void {
    const doubt = this.#of(key);
    doubt.asked += 1;
    doubt.askedAt = now;
  }

  answered(key: string, endpoint: string, serial: string | undefined): void {
    const doubt = this.#of(key);
    if (doubt.clonedSince !== undefined) doubt.finding = { kind: 'Alone', serial };
    else doubt.answers.set(endpoint, { serial, refused: 0 });
  }

  refused(key: string, endpoint: string): void {
    const { answers } = this.#of(key);
    const known = answers.get(endpoint);
    answers.set(endpoint, { serial: known?.serial, refused: (known?.refused ?? 0) + 1 });
  }

  /** Nothing of it is worth the memory any more. */
  isIdle(key: string, now: number): boolean {
    const doubt = this.#doubts.get(key);
    if (doubt === undefined) return true;
    const { trail, changedAt, clonedSince, contentUntil } = doubt;
    return (
      clonedSince === undefined &&
      now - changedAt > TURNS_MS &&
      now > contentUntil &&
      (trail === undefined || isStale(trail, now))
    );
  }

  #of(key: string): Doubt {
    const known = this.#doubts.get(key);
    if (known !== undefined) return known;
    const made = newDoubt();
    this.#doubts.set(key, made);
    return made;
  }
}

function isTime({ askedAt }: Doubt, { handshakes }: Trail, now: number): boolean {
  const hasNewKeys = (handshakes.at(-1) ?? Number.NEGATIVE_INFINITY) > askedAt;
  return now - askedAt >= (hasNewKeys ? LEAST_PAUSE_MS : PAUSE_MS);
}
