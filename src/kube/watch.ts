import { KubeApiError } from './errors.ts';
import { record } from './json.ts';
import { LineSplitter } from './lines.ts';
import type { KubeObject } from './object.ts';
import { type Call, describe, type Requester } from './requester.ts';
import { statusError } from './status-error.ts';

export interface WatchOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  resourceVersion: string;
  /** After which the server ends the watch. */
  timeoutSeconds: number;
  /** A watch silent for longer, bookmarks included, is taken for dead. */
  inactivityMs: number;
  signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Nothing has changed up to this version. */
  | { type: 'BOOKMARK'; resourceVersion: string };

/** An object is at most 1.5 MiB in etcd; managedFields and escapes come on top. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * The events of one watch, in order, until the server ends it. Every other end is a KubeApiError: an ERROR event
 * becomes the error of its code (410: Expired), silence is Timeout, a cut connection Unreachable.
 */
export async function* watchEvents<T extends KubeObject>(
  requester: Requester,
  call: Call,
  options: Pick<WatchOptions, 'inactivityMs' | 'signal'>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const ended = new AbortController();
  const timer = setTimeout(() => {
    ended.abort(
      new KubeApiError('Timeout', `The ${describe(call)} was silent for ${options.inactivityMs} ms.`),
    );
  }, options.inactivityMs);
  const stop = () => ended.abort(options.signal.reason);
  if (options.signal.aborted) stop();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    const reply = await requester.open(call, ended.signal);
    const lines = new LineSplitter(MAX_LINE_BYTES);
    for await (const chunk of reply.body as AsyncIterable<Buffer>) {
      timer.refresh();
      for (const line of lines.push(chunk)) yield parseEvent<T>(line, call);
    }
  } catch (cause) {
    const reason = ended.signal.aborted ? ended.signal.reason : cause;
    throw requester.toApiError(reason, call, options.signal, options.inactivityMs);
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
  }
}

function parseEvent<T extends KubeObject>(line: string, call: Call): WatchEvent<T> {
  const event = parseLine(line);
  const object = record(event?.object);
  const metadata = record(object?.metadata);
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (typeof metadata?.name !== 'string' || typeof metadata.resourceVersion !== 'string') break;
      return { type: event.type, object: object as unknown as T };
    case 'BOOKMARK':
      if (typeof metadata?.resourceVersion !== 'string') break;
      return { type: 'BOOKMARK', resourceVersion: metadata.resourceVersion };
    case 'ERROR':
      throw errorEvent(object, call);
  }
  throw new KubeApiError('BadResponse', `The ${describe(call)} sent what is no watch event.`);
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    return record(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function errorEvent(status: Record<string, unknown> | undefined, call: Call): KubeApiError {
  const code = typeof status?.code === 'number' ? status.code : 500;
  return statusError({ what: describe(call), status: code, body: status });
}
