/** One request of plain HTTP that a client sends through the proxy (RFC 9110 §7.6): headers in, headers out, no cache. */
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TOKEN_HEADER } from './credentials.ts';
import { FORWARDED_HEADER } from './neighbours.ts';
import { Refusal } from './refusal.ts';

/** Of one connection and not of the message (RFC 9110 §7.6.1), and what is the relay's own. */
const OWN = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  TOKEN_HEADER,
  FORWARDED_HEADER,
]);
const VIA = ['Via', '1.1 tenant-tunnel-relay'];

/** What goes on of a message's headers, flat as Node has them: name, value, name, value. */
export function endToEnd(rawHeaders: readonly string[], also: readonly string[] = []): string[] {
  const dropped = new Set([...OWN, ...also]);
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'connection') continue;
    for (const name of (rawHeaders[at + 1] ?? '').split(',')) dropped.add(name.trim().toLowerCase());
  }
  // Naming it there would take the length from a body.
  dropped.delete('content-length');
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    if (!dropped.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

export interface Exchange {
  path: string;
  /** Of the URL; what the client put into Host does not count (RFC 9112 §3.2.2). */
  host: string;
  /** To the router, for this request alone. */
  stream: Duplex;
  /** Without a byte from the router for so long it is given up. */
  idleMs: number;
  onBytes: (direction: 'to_router' | 'from_router', count: number) => void;
}

/** Resolves when the answer has been passed on, or the client has gone. @throws Refusal 502, 504 before that began */
export function passOn(incoming: IncomingMessage, reply: ServerResponse, exchange: Exchange): Promise<void> {
  const { path, host, stream, idleMs, onBytes } = exchange;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const outgoing = request({
    method: incoming.method ?? 'GET',
    path,
    headers: [
      'Host',
      host,
      ...endToEnd(incoming.rawHeaders, ['host']),
      ...VIA,
      ...lengthOf(incoming),
      'Connection',
      'close',
    ],
    maxHeaderSize: 16_384,
    setHost: false,
    createConnection: () => stream as Socket,
  });
  const fail = (refusal: Refusal): void => {
    if (reply.headersSent) reply.destroy();
    reject(refusal);
  };
  // Not by the socket's own limit, which not every stream has.
  const timer = setTimeout(() => {
    fail(new Refusal(504, 'The router was silent for too long.'));
    outgoing.destroy();
  }, idleMs);
  const moves = (direction: 'to_router' | 'from_router', count: number): void => {
    timer.refresh();
    onBytes(direction, count);
  };
  outgoing.on('error', (cause) => fail(new Refusal(502, 'The router did not answer in HTTP.', { cause })));
  outgoing.on('response', (answer) => {
    reply.sendDate = false;
    reply.writeHead(answer.statusCode ?? 502, answer.statusMessage, [...endToEnd(answer.rawHeaders), ...VIA]);
    answer.on('data', (chunk: Buffer) => moves('from_router', chunk.length));
    answer.on('error', () => reply.destroy());
    answer.pipe(reply);
  });
  reply.on('close', () => {
    clearTimeout(timer);
    outgoing.destroy();
    stream.destroy();
    resolve();
  });
  incoming.on('data', (chunk: Buffer) => moves('to_router', chunk.length));
  incoming.on('error', () => outgoing.destroy());
  incoming.pipe(outgoing);
  return promise.finally(() => clearTimeout(timer));
}

/** How the body is framed, where the client's own header does not say so any more. */
function lengthOf({ headers, method = '' }: IncomingMessage): string[] {
  if (headers['transfer-encoding'] !== undefined) return ['Transfer-Encoding', 'chunked'];
  const isBare = headers['content-length'] === undefined && /^(POST|PUT|PATCH)$/.test(method);
  return isBare ? ['Content-Length', '0'] : [];
}
