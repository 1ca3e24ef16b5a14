import { backoffMs } from './backoff.ts';
import type { KubeApiError } from './errors.ts';
import { wasNeverSent } from './transport.ts';

const MAX_ATTEMPTS = 6;
const BACKOFF = { baseMs: 200, maxMs: 5000 };
/** A server that asks for more is not waited for: the caller's own backoff does that. */
const MAX_RETRY_AFTER_MS = 30_000;

/**
 * How long to wait before sending a request again, in ms; undefined: do not.
 *
 * 429 and 503 were not acted upon, whatever the verb; 502 and a lost connection may have been, so that only what
 * may happen twice is sent again. An update or a precondition may then meet its own first effect, as Conflict:
 * callers handle that anyhow, by reading again.
 */
export function retryDelayMs(
  error: KubeApiError,
  attempt: number,
  idempotent: boolean,
  random: () => number,
): number | undefined {
  if (attempt >= MAX_ATTEMPTS) return undefined;
  const wait = backoffMs(attempt, BACKOFF, random);
  switch (error.code) {
    case 'TooManyRequests':
    case 'Unavailable': {
      if (error.status === 502 && !idempotent) return undefined;
      const asked = error.retryAfterMs ?? 0;
      if (asked > MAX_RETRY_AFTER_MS) return undefined;
      // Spread, since everybody refused in one second was told the same second to come back.
      return asked === 0 ? wait : asked + wait;
    }
    case 'Unreachable':
      return idempotent || wasNeverSent(error.cause) ? wait : undefined;
    default:
      return undefined;
  }
}
