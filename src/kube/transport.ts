import { Agent, type buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { CredentialSource, Credentials } from './credentials.ts';
import { KubeApiError } from './errors.ts';
import { record } from './json.ts';

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query, from `/api` or `/apis` on. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
  /** A watch has a connection to itself for minutes. */
  watch?: boolean;
}

interface Agents {
  tlsKey: string;
  requests: Dispatcher;
  watches: Dispatcher;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Below the 90 s after which kube-apiserver closes an idle connection. */
const KEEP_ALIVE_MS = 55_000;

/**
 * Long-lived connections to one API server: a few for requests, one for each watch. client-node by itself makes a
 * TLS connection for each request (javascript#2893).
 *
 * HTTP/1.1 for both. Watches on HTTP/2 would share one connection's window, and requests on it one TCP stream:
 * a lost packet or a dead peer then holds up everything at once.
 */
export class Transport {
  readonly #credentials: CredentialSource;
  readonly #maxConnections: number;
  readonly #userAgent: string;
  #agents: Agents | undefined;
  #closed = false;

  constructor(credentials: CredentialSource, maxConnections: number, userAgent: string) {
    this.#credentials = credentials;
    this.#maxConnections = maxConnections;
    this.#userAgent = userAgent;
  }

  /** Resolves with the reply's head; its body is a stream that the caller must consume or destroy. */
  async send(request: TransportRequest): Promise<Dispatcher.ResponseData> {
    const credentials = await this.#credentials.get();
    // A plug-in may have taken longer than the caller wanted to wait.
    request.signal.throwIfAborted();
    const agents = this.#agentsFor(credentials);
    const prefix = credentials.server.pathname.replace(/\/$/, '');
    return (request.watch ? agents.watches : agents.requests).request({
      origin: credentials.server.origin,
      path: prefix + request.path,
      method: request.method,
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...request.headers,
        ...credentials.headers,
      },
      body: request.body ?? null,
      signal: request.signal,
      // The caller's signal limits head and body together; undici's own timers would cut quiet watches.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Answers a 401: true when the credentials have been read anew, so that another try is worth while. */
  renewCredentials(): boolean {
    return this.#credentials.renew();
  }

  async close(): Promise<void> {
    this.#closed = true;
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.requests.destroy(), agents?.watches.destroy()]);
  }

  #agentsFor(credentials: Credentials): Agents {
    if (this.#closed) throw new KubeApiError('Unreachable', 'The Kubernetes client has been closed.');
    if (this.#agents?.tlsKey !== credentials.tlsKey) {
      // What is under way on the old connections may end there.
      void this.#agents?.requests.close();
      void this.#agents?.watches.close();
      this.#agents = {
        tlsKey: credentials.tlsKey,
        requests: makeAgent(credentials, this.#maxConnections),
        watches: makeAgent(credentials, null),
      };
    }
    return this.#agents;
  }
}

function makeAgent({ tls, proxy }: Credentials, connections: number | null): Dispatcher {
  const requestTls = tls as buildConnector.BuildOptions;
  const options: Agent.Options = {
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connect: { ...requestTls, timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: 30_000 },
  };
  return proxy === undefined ? new Agent(options) : new ProxyAgent({ ...options, uri: proxy, requestTls });
}

/** Codes of failures before a byte of the request went out. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether a request that failed so was surely never seen by the server. */
export function wasNeverSent(cause: unknown): boolean {
  const error = record(cause);
  // Of a name with several addresses, each was tried.
  if (Array.isArray(error?.errors) && error.errors.length > 0) return error.errors.every(wasNeverSent);
  return NOT_SENT.has(String(error?.code));
}
