/** A refused request: one HTTP status, one sentence for a person, and what RFC 9209 calls it. */

/** Error types of Proxy-Status (RFC 9209 §2.3) that the relay uses. */
export type ProxyError =
  | 'http_request_error'
  | 'http_request_denied'
  | 'destination_not_found'
  | 'destination_unavailable'
  | 'connection_refused'
  | 'connection_timeout'
  | 'connection_limit_reached'
  | 'proxy_internal_error';

/** Statuses that the relay answers with. */
export const REFUSALS = {
  400: 'http_request_error',
  403: 'http_request_denied',
  404: 'destination_not_found',
  407: 'http_request_denied',
  429: 'connection_limit_reached',
  500: 'proxy_internal_error',
  502: 'connection_refused',
  503: 'destination_unavailable',
  504: 'connection_timeout',
} as const satisfies Record<number, ProxyError>;

export type RefusalStatus = keyof typeof REFUSALS;

export const isRefusalStatus = (status: number): status is RefusalStatus => status in REFUSALS;

/** Its message is told to the client: no secret, and nothing of what a stranger sent but what is checked for form. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: RefusalStatus;

  constructor(status: RefusalStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Of Proxy-Authenticate: how a client may show its token. */
const CHALLENGES = ['Basic realm="tenant-tunnel-relay"', 'Bearer realm="tenant-tunnel-relay"'];

/** Headers of a refusal, flat: name, value, name, value. Clients that hide a proxy's body show the headers. */
export function refusalHeaders({ status, message }: Refusal): string[] {
  const details = message.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&');
  return [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(message) + 1),
    'Proxy-Status',
    `tenant-tunnel-relay; error=${REFUSALS[status]}; details="${details}"`,
    ...(status === 407 ? CHALLENGES.flatMap((challenge) => ['Proxy-Authenticate', challenge]) : []),
    ...(status === 429 || status === 503 ? ['Retry-After', '5'] : []),
    'Connection',
    'close',
  ];
}

/** The body: the sentence and a line end. */
export const refusalBody = ({ message }: Refusal): string => `${message}\n`;
