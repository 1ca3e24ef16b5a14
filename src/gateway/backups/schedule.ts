/** When a router is asked for its configuration. Pure. */
import { createHash } from 'node:crypto';

const HOUR_MS = 3_600_000;
/** After its profiles have changed it, so that a change in several steps is one backup. */
export const AFTER_CHANGE_MS = 60_000;
/** Between two of one router, whatever changes it. */
export const LEAST_MS = HOUR_MS;

/**
 * When it is a router's turn next, ms since 1970. The time of day follows from the Router alone: a fleet is spread over the
 * whole period, and a restarted agent asks nobody that was asked before its time.
 */
export function nextTurn(uid: string, everyHours: number, now: number): number {
  const period = everyHours * HOUR_MS;
  const own = createHash('sha256').update(uid).digest().readUInt32BE() % period;
  return now - ((((now - own) % period) + period) % period) + period;
}
