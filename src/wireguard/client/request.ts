import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { SIDECAR_STATUS, SidecarError, type SidecarErrorCode } from '../errors.ts';
import { MAX_RESPONSE_BYTES, type SidecarErrorBody } from '../protocol.ts';

/** Where the sidecar listens, and how long an answer may take. */
export interface Target {
  socketPath: string;
  agent: Agent;
  /** Milliseconds without a byte of the reply. */
  timeoutMs: number;
}

export interface Call {
  method: string;
  path: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

const KNOWN = new Set<string>(Object.keys(SIDECAR_STATUS));

/** The error that a reply of 400 and above carries. */
export function errorOf(status: number, text: string): SidecarError {
  let body: Partial<SidecarErrorBody> | null = null;
  try {
    body = JSON.parse(text) as Partial<SidecarErrorBody> | null;
  } catch {
    // Said below: the sentence is the same for every reply that is no error body of ours.
  }
  const { code, message } = body ?? {};
  if (typeof code !== 'string' || typeof message !== 'string' || !KNOWN.has(code)) {
    return new SidecarError(
      'BadReply',
      `The sidecar answered ${status} with a body that is not an error of its protocol.`,
    );
  }
  return new SidecarError(code as SidecarErrorCode, message.slice(0, 1000));
}

/** What went wrong on the way to the sidecar or back, in this room's words. */
export function transportError(cause: unknown, target: Target, signal?: AbortSignal): Error {
  if (cause instanceof SidecarError) return cause;
  if (signal?.aborted)
    return signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause });
  const { code = 'no code', message = '' } = cause as NodeJS.ErrnoException;
  const what = /^[A-Z0-9_]+$/.test(code) ? code : message;
  return new SidecarError(
    'Unreachable',
    `The sidecar on ${target.socketPath} gave no whole reply (${what}); does it run?`,
    {
      cause,
    },
  );
}

/** Sends a request and resolves with the head of a successful reply, whose body is still to be read. */
export async function send(target: Target, call: Call): Promise<IncomingMessage> {
  const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing: ClientRequest = request({
      socketPath: target.socketPath,
      agent: target.agent,
      method: call.method,
      path: call.path,
      headers:
        body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': String(body.length) },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    let incoming: IncomingMessage | undefined;
    outgoing.setTimeout(target.timeoutMs, () => (incoming ?? outgoing).destroy(timeoutError(target)));
    outgoing.on('response', (head) => {
      incoming = head;
      resolve(head);
    });
    outgoing.on('error', (cause) => reject(transportError(cause, target, call.signal)));
    outgoing.end(body);
  });
  if ((response.statusCode ?? 0) >= 400) {
    throw errorOf(response.statusCode ?? 0, await readText(response, target, call.signal));
  }
  return response;
}

export const timeoutError = (target: Target): SidecarError =>
  new SidecarError(
    'Timeout',
    `The sidecar on ${target.socketPath} was silent for ${target.timeoutMs} ms; whether it acted is not known.`,
  );

/** The text of a reply, chunk by chunk, with this room's errors. */
export async function* readChunks(
  response: IncomingMessage,
  target: Target,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) yield chunk as string;
  } catch (cause) {
    throw transportError(cause, target, signal);
  }
}

/** The whole text of a reply, at most {@link MAX_RESPONSE_BYTES} characters. */
export async function readText(
  response: IncomingMessage,
  target: Target,
  signal?: AbortSignal,
): Promise<string> {
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of readChunks(response, target, signal)) {
    length += chunk.length;
    if (length > MAX_RESPONSE_BYTES) {
      throw new SidecarError(
        'BadReply',
        `The sidecar's reply is larger than ${MAX_RESPONSE_BYTES} characters.`,
      );
    }
    parts.push(chunk);
  }
  return parts.join('');
}
