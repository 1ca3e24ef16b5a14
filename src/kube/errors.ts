/** Base of all errors of this room; `code` is stable, messages are for people. */
export class KubeError extends Error {
  override readonly name: string = 'KubeError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Thrown by a reconcile that no retry can mend: the key waits for its next change. */
export class TerminalError extends KubeError {
  override readonly name = 'TerminalError';

  constructor(message: string, options?: ErrorOptions) {
    super('Terminal', message, options);
  }
}

export type KubeApiErrorCode =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  /** HTTP 410: the resourceVersion or continue token is older than the server's history. */
  | 'Expired'
  | 'TooLarge'
  | 'UnsupportedMediaType'
  | 'Invalid'
  | 'TooManyRequests'
  | 'ServerError'
  | 'Unavailable'
  /** Our own limit passed, or the server's; a write may or may not have happened. */
  | 'Timeout'
  /** No reply: connection refused, reset, TLS failure; a write may or may not have happened. */
  | 'Unreachable'
  /** A reply that is not what the protocol promises, or larger than the limit. */
  | 'BadResponse'
  /** The caller's signal. */
  | 'Aborted'
  /** A guarded client's guard said no (see KubeClient.guarded): nothing was sent. */
  | 'WriteRefused';

export interface KubeApiErrorDetails {
  /** HTTP status; 0 when there was no reply. */
  status?: number;
  /** The server's `reason`, e.g. `AlreadyExists`; empty without one. */
  reason?: string;
  retryAfterMs?: number;
  cause?: unknown;
}

/** A request to the API server that failed; the message is one sentence with verb, object and cause. */
export class KubeApiError extends KubeError {
  override readonly name = 'KubeApiError';
  declare readonly code: KubeApiErrorCode;
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: KubeApiErrorCode, message: string, details: KubeApiErrorDetails = {}) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Whether `error` is a {@link KubeApiError} of one of these codes. */
export function isApiError(error: unknown, ...codes: KubeApiErrorCode[]): error is KubeApiError {
  return error instanceof KubeApiError && codes.includes(error.code);
}

/** What an error of whatever origin says; other realms' errors are no instances of ours. */
export function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : '';
  return typeof message === 'string' && message !== '' ? message : String(error);
}
