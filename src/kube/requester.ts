import type { Dispatcher } from 'undici';
import type { CallOptions } from './api.ts';
import { sleep, systemClock } from './clock.ts';
import { limitSignal } from './deadline.ts';
import { KubeApiError, messageOf } from './errors.ts';
import { record } from './json.ts';
import { retryDelayMs } from './retry.ts';
import { ServerClock } from './server-clock.ts';
import { parseRetryAfter, statusError } from './status-error.ts';
import type { Transport } from './transport.ts';

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'delete'
  | 'deletecollection'
  | 'apply'
  | 'patch';

/** One attempt of a request, for metrics. */
export interface RequestObservation {
  verb: Verb;
  /** `configmaps`, or `routers/status`. */
  resource: string;
  /** HTTP status, 0 without a reply. */
  status: number;
  /** To the end of the reply; of a watch, to its beginning. */
  seconds: number;
}

export interface Call {
  verb: Verb;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  resource: string;
  /** `namespace/name` or the namespace, for messages. */
  subject: string;
  path: string;
  contentType?: string;
  /** What the reply shall be; default the whole object as JSON. */
  accept?: string;
  body?: unknown;
  /** Nothing of the body may come back in an error's message. */
  secret?: boolean;
}

export interface RequesterOptions {
  timeoutMs: number;
  maxResponseBytes: number;
  onRequest: ((observation: RequestObservation) => void) | undefined;
}

/** Sends calls with a limit on time, size and retries; every failure becomes a KubeApiError. */
export class Requester {
  readonly serverClock = new ServerClock();
  readonly #transport: Transport;
  readonly #options: RequesterOptions;

  constructor(transport: Transport, options: RequesterOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  /** The reply's JSON. `beforeAttempt` may throw, which ends the call. */
  async call(call: Call, options: CallOptions = {}, beforeAttempt?: () => void): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    using limited = limitSignal(options.signal, timeoutMs, systemClock);
    const { signal } = limited;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const idempotent = call.method !== 'POST';
    const deadline = performance.now() + timeoutMs;
    for (let attempt = 1; ; attempt++) {
      beforeAttempt?.();
      let error: KubeApiError;
      try {
        return await this.#attempt(call, body, signal);
      } catch (cause) {
        error = this.toApiError(cause, call, options.signal, timeoutMs);
      }
      const renewed = error.code === 'Unauthorized' && attempt === 1 && this.#transport.renewCredentials();
      const wait = renewed ? 0 : retryDelayMs(error, attempt, idempotent, Math.random);
      if (wait === undefined || performance.now() + wait > deadline) throw error;
      await sleep(systemClock, wait, signal);
      if (options.signal?.aborted) throw aborted(call, options.signal);
    }
  }

  /** Sends a watch and resolves with its open reply; an error reply is read and thrown. */
  async open(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const start = performance.now();
    let status = 0;
    try {
      const reply = await this.#send(call, undefined, signal, true);
      status = reply.statusCode;
      if (status !== 200) throw await this.#failure(call, reply);
      return reply;
    } finally {
      this.#observe(call, status, start);
    }
  }

  /** `stopped` is the caller's own signal: its abort is not the request's failure. */
  toApiError(cause: unknown, call: Call, stopped: AbortSignal | undefined, timeoutMs: number): KubeApiError {
    if (stopped?.aborted) return aborted(call, stopped);
    if (cause instanceof KubeApiError) return cause;
    const what = describe(call);
    if (record(cause)?.name === 'TimeoutError') {
      return new KubeApiError('Timeout', `Cannot ${what}: no reply within ${timeoutMs} ms.`, { cause });
    }
    const detail = messageOf(cause).slice(0, 500).replace(/\.$/, '');
    return new KubeApiError('Unreachable', `Cannot ${what}: ${detail}.`, {
      cause,
    });
  }

  async #attempt(call: Call, body: string | undefined, signal: AbortSignal): Promise<unknown> {
    const start = performance.now();
    const sent = systemClock.wall();
    let status = 0;
    try {
      const reply = await this.#send(call, body, signal, false);
      status = reply.statusCode;
      this.serverClock.learn(reply.headers.date, sent, systemClock.wall());
      if (status < 200 || status > 299) throw await this.#failure(call, reply);
      return parse(await this.#read(call, reply), call);
    } finally {
      this.#observe(call, status, start);
    }
  }

  #send(call: Call, body: string | undefined, signal: AbortSignal, watch: boolean) {
    return this.#transport.send({
      method: call.method,
      path: call.path,
      signal,
      watch,
      headers: {
        ...(body !== undefined && { 'content-type': call.contentType ?? 'application/json' }),
        ...(call.accept !== undefined && { accept: call.accept }),
      },
      ...(body !== undefined && { body }),
    });
  }

  async #failure(call: Call, reply: Dispatcher.ResponseData): Promise<KubeApiError> {
    const text = await this.#read(call, reply);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = { message: text.slice(0, 200) };
    }
    return statusError({
      what: describe(call),
      status: reply.statusCode,
      body,
      retryAfterMs: parseRetryAfter(reply.headers['retry-after']),
      secret: call.secret === true,
    });
  }

  async #read(call: Call, reply: Dispatcher.ResponseData): Promise<string> {
    const limit = this.#options.maxResponseBytes;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of reply.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (length > limit) {
        throw new KubeApiError(
          'BadResponse',
          `Cannot ${describe(call)}: the reply is larger than ${limit} bytes.`,
          {
            status: reply.statusCode,
          },
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, length).toString('utf8');
  }

  #observe(call: Call, status: number, start: number): void {
    const seconds = (performance.now() - start) / 1000;
    this.#options.onRequest?.({ verb: call.verb, resource: call.resource, status, seconds });
  }
}

export function describe(call: Call): string {
  return `${call.verb} ${call.resource}${call.subject && ` ${call.subject}`}`;
}

function aborted(call: Call, signal: AbortSignal): KubeApiError {
  return new KubeApiError('Aborted', `Cannot ${describe(call)}: it was called off.`, {
    cause: signal.reason,
  });
}

function parse(text: string, call: Call): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KubeApiError('BadResponse', `Cannot ${describe(call)}: the reply is not JSON.`);
  }
}
