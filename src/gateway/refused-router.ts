/**
 * When a router that WireGuard refuses is spoken to first, and what is said of it. A router without a battery boots
 * in 1970; until its clock is later than it ever was, its handshakes count as copies of old ones. One that the server
 * begins it takes, as one without a memory.
 *
 * Nothing is forgotten for it, so a copy of an old handshake stays refused. What somebody gains who plays back several
 * captured ones is that the server sends a handshake to his address, which only the router's key can answer.
 */
import type { RefusedPeer } from '../wireguard/index.ts';
import type { Link, Moment } from './connectivity.ts';
import { rfc3339 } from './router-write.ts';

/** Longer than a router with the usual keepalive of 25 s is ever silent while its session lives. */
const QUIET_MS = 30_000;
/** So long after an attempt, its way back through NAT and firewall is open (RouterOS: 10 s). */
const FRESH_MS = 8_000;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** A call that has led to nothing by now has failed: the handshake begins 15 s after it at the latest. */
const HOPE_MS = 45_000;

/** What is remembered of the calls to one router. */
export interface Calls {
  /** Of the last one, monotonic ms. */
  readonly at: number;
  /** Last handshake before it, Unix seconds. */
  readonly counter: number;
  /** What the router's clock said, Unix seconds. */
  readonly clock: number;
  /** In a row, this one among them until it has succeeded. */
  readonly failures: number;
  readonly state: 'hoping' | 'failed' | 'succeeded';
}

export function mayCall(
  refused: RefusedPeer,
  link: Link,
  calls: Calls | undefined,
  { monotonic }: Moment,
): boolean {
  // Before its first handshake on this interface there is no time that its own could be held against.
  if (link.counter === 0 || refused.agoMs > FRESH_MS) return false;
  const isQuiet = link.state === 'Connected' ? refused.quietMs >= QUIET_MS : refused.quietMs > 0;
  return isQuiet && (calls === undefined || monotonic - calls.at >= pauseAfter(calls));
}

/** ms from one call to the next: longer each time that it leads to nothing. */
function pauseAfter({ failures }: Calls): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, failures - 1), LONGEST_PAUSE_MS);
}

export const beginCall = (
  { clock }: RefusedPeer,
  link: Link,
  calls: Calls | undefined,
  { monotonic }: Moment,
): Calls => ({
  at: monotonic,
  counter: link.counter,
  clock,
  failures: (calls?.failures ?? 0) + 1,
  state: 'hoping',
});

/** What has become of a call; the very same object where nothing has. */
export function lookAfter(calls: Calls, link: Link, { monotonic }: Moment): Calls {
  if (calls.state !== 'hoping') return calls;
  if (link.counter > calls.counter) return { ...calls, failures: 0, state: 'succeeded' };
  return monotonic - calls.at >= HOPE_MS ? { ...calls, state: 'failed' } : calls;
}

/** Whether nothing of it matters any more. */
export const isPast = ({ at, state }: Calls, { monotonic }: Moment): boolean =>
  state !== 'hoping' && monotonic - at > 2 * LONGEST_PAUSE_MS;

/** The note of the Event. */
export function clockNote({ clock, counter }: Calls): string {
  const behind = counter - clock;
  const said = `its clock said ${rfc3339(clock * 1000)}`;
  const than =
    behind > 0 ? `${inWords(behind)} before its last handshake` : 'earlier than it had been before';
  return `The router was refused since ${said}, ${than}. The gateway spoke first, and it is connected. Look that it gets the time from somewhere outside of the tunnel: /system/ntp/client, or /ip/cloud with update-time.`;
}

const STEPS = [
  [365 * 86_400, 'years'],
  [86_400, 'days'],
  [3_600, 'hours'],
  [60, 'minutes'],
  [1, 'seconds'],
] as const;

function inWords(seconds: number): string {
  const [size, unit] = STEPS.find(([step]) => seconds >= 2 * step) ??
    STEPS[STEPS.length - 1] ?? [1, 'seconds'];
  return `${Math.round(seconds / size)} ${unit}`;
}
