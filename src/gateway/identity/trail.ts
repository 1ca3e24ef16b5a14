/**
 * Where a peer comes from, for as long as that changes. WireGuard answers to wherever the last packet came from, so of
 * two routers with one key each takes the tunnel from the other whenever its keepalive passes, every 25 s: the address
 * is back where it was, again and again, and handshakes are twice as many. One that roams moves on and does not
 * come back so often; one with two uplinks may, and is told apart by its serial number.
 */

/** So far back it matters, ms. */
const WINDOW_MS = 10 * 60_000;
/** So often it must have been back within that. */
const RETURNS = 4;
/** Places that are remembered; who has more roams. */
const MOST_PLACES = 8;
const MOST_TIMES = 64;
/** From one handshake of a session to the next (WireGuard paper §6.2, REKEY_AFTER_TIME). */
const REKEY_MS = 120_000;
/** Handshakes that are too many: by half. */
const EXCESS = 1.5;
/** Shorter ones prove nothing. */
const LEAST_WATCHED_MS = 5 * 60_000;

/** Times are monotonic ms. */
export interface Trail {
  /** `address:port` where it is now. */
  readonly endpoint: string;
  /** When it came there. */
  readonly movedAt: number;
  /** Where it has been → when last, the latest last. */
  readonly places: ReadonlyMap<string, number>;
  /** When it was back somewhere. */
  readonly returns: readonly number[];
  /** Unix seconds. */
  readonly lastHandshake: number;
  /** When handshakes were noticed. */
  readonly handshakes: readonly number[];
  readonly beganAt: number;
}

/** What is read of the peer. */
export interface Sight {
  endpoint: string;
  /** Unix seconds. */
  lastHandshake: number;
}

export const beginTrail = ({ endpoint, lastHandshake }: Sight, now: number): Trail => ({
  endpoint,
  movedAt: now,
  places: new Map([[endpoint, now]]),
  returns: [],
  lastHandshake,
  handshakes: [],
  beganAt: now,
});

/** After one more reading; the very same object where nothing is new. */
export function nextTrail(trail: Trail, { endpoint, lastHandshake }: Sight, now: number): Trail {
  const hasMoved = endpoint !== trail.endpoint;
  const shookHands = lastHandshake > trail.lastHandshake;
  if (!hasMoved && !shookHands) return trail;
  const handshakes = shookHands ? recent([...trail.handshakes, now], now) : trail.handshakes;
  if (!hasMoved) return { ...trail, lastHandshake, handshakes };
  const before = trail.places.get(endpoint);
  const isBack = before !== undefined && now - before < WINDOW_MS;
  const places = new Map([...trail.places].filter(([place]) => place !== endpoint).slice(1 - MOST_PLACES));
  places.delete(trail.endpoint);
  places.set(trail.endpoint, now).set(endpoint, now);
  const returns = recent(isBack ? [...trail.returns, now] : trail.returns, now);
  return { ...trail, endpoint, movedAt: now, places, returns, lastHandshake, handshakes };
}

/** It goes back and forth. */
export const isFlapping = ({ returns }: Trail, now: number): boolean =>
  recent(returns, now).length >= RETURNS;

/** Whether it shakes hands more often than one router needs to; undefined while it was not watched for long enough. */
export function shakesTooOften({ handshakes, beganAt }: Trail, now: number): boolean | undefined {
  const watched = Math.min(now - beganAt, WINDOW_MS);
  if (watched < LEAST_WATCHED_MS) return undefined;
  return recent(handshakes, now).length > 1 + (EXCESS * watched) / REKEY_MS;
}

/** The two places that it was last at, where it is now first. */
export function lastTwo({ places }: Trail): string[] {
  return [...places.keys()].slice(-2).reverse();
}

/** Whether nothing of it matters any more. */
export const isStale = ({ movedAt }: Trail, now: number): boolean => now - movedAt > 6 * WINDOW_MS;

const recent = (times: readonly number[], now: number): number[] =>
  times.filter((time) => now - time < WINDOW_MS).slice(-MOST_TIMES);
