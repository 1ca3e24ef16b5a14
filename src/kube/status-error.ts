import { KubeApiError, type KubeApiErrorCode } from './errors.ts';
import { record } from './json.ts';

const CODES: Record<number, KubeApiErrorCode> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'TooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Timeout',
};

const MAX_MESSAGE = 2000;

export interface FailedReply {
  /** e.g. `create configmaps default/a`. */
  what: string;
  status: number;
  /** The reply's body, or an ERROR event's object: a metav1.Status, if the server means well. */
  body: unknown;
  retryAfterMs?: number | undefined;
  /** Leave the server's words out: for Secrets, since a decoder's error quotes what it could not read. */
  secret?: boolean;
}

/** The error for a reply that is not a success. */
export function statusError(reply: FailedReply): KubeApiError {
  const status = record(reply.body);
  const reason = typeof status?.reason === 'string' ? status.reason.slice(0, 100) : '';
  const said = typeof status?.message === 'string' && !reply.secret ? status.message : '';
  const code =
    reason === 'AlreadyExists'
      ? 'AlreadyExists'
      : (CODES[reply.status] ?? (reply.status >= 500 ? 'ServerError' : 'BadRequest'));
  const why = said === '' ? 'the server gave no details' : said.slice(0, MAX_MESSAGE).replace(/\.$/, '');
  const retryAfterMs = reply.retryAfterMs ?? retryAfterSeconds(status);
  return new KubeApiError(code, `Cannot ${reply.what}: ${why} (${reply.status}${reason && ` ${reason}`}).`, {
    status: reply.status,
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function retryAfterSeconds(status: Record<string, unknown> | undefined): number | undefined {
  const seconds = record(status?.details)?.retryAfterSeconds;
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined;
}

/** The Retry-After header in ms; kube-apiserver sends seconds, never a date. */
export function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
}
