/** The relay's listener: HTTP CONNECT, plain requests of a proxy, and nothing else. Whoever speaks to it is hostile. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '../../kube/index.ts';
import { closeNow, listenOn } from '../../process/index.ts';
import type { Certificate } from './certificate.ts';
import type { RelayMetrics } from './metrics.ts';
import type { Opened, Opener } from './opener.ts';
import { passOn } from './plain-request.ts';
import { Refusal, refusalBody, refusalHeaders } from './refusal.ts';
import { splice } from './splice.ts';
import { parseAuthority, parseUrl, type Target } from './target.ts';

export interface RelayServerOptions {
  opener: Pick<Opener, 'open'>;
  metrics: RelayMetrics;
  clock: Clock;
  logger: Logger;
  idleMs: number;
  /** Most connections from one address that carry no stream yet. */
  mostWaiting: number;
  mostConnections: number;
}

const HEADER_LIMIT_MS = 10_000;
const MAX_HEADERS = 16_384;
/** A plain request whose router is silent for so long is given up. */
const ANSWER_LIMIT_MS = 60_000;

export class RelayServer {
  readonly #options: RelayServerOptions;
  readonly #server: Server | TlsServer;
  /** Router → what ends each of its streams. */
  readonly #streams = new Map<string, Set<() => void>>();
  /** Address → ports of its connections that carry no stream yet. */
  readonly #waiting = new Map<string, Set<number | undefined>>();
  readonly #sockets = new Set<Duplex>();

  constructor(options: RelayServerOptions, certificate: Certificate | undefined) {
    this.#options = options;
    const bounds = {
      maxHeaderSize: MAX_HEADERS,
      headersTimeout: HEADER_LIMIT_MS,
      // A body may take as long as it likes while it moves: see the limit on silence.
      requestTimeout: 0,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 15_000,
    };
    this.#server =
      certificate === undefined
        ? createServer(bounds)
        : createTlsServer({
            ...bounds,
            // As without TLS: who has said all may still listen.
            allowHalfOpen: true,
            minVersion: 'TLSv1.2',
            handshakeTimeout: HEADER_LIMIT_MS,
            cert: certificate.certificate,
            key: certificate.key,
          });
    this.#server.maxConnections = options.mostConnections;
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
    this.#server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
      void this.#connect(request, client, head);
    });
    this.#server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
      void this.#request(request, reply);
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
      options.metrics.answered(400);
      const refusal = new Refusal(
        400,
        'That is no request of HTTP/1.1 to a proxy, or it is too long or too slow.',
      );
      this.#refuseSocket(socket, refusal);
    });
    this.#server.on('tlsClientError', (_error: Error, socket: Duplex) => socket.destroy());
  }

  /** Resolves with the port. @throws when it cannot listen there */
  async listen(host: string, port: number): Promise<number> {
    await listenOn(this.#server, { port, host }, (err) =>
      this.#options.logger.warn({ err }, 'The listener of the relay failed.'),
    );
    return (this.#server.address() as AddressInfo).port;
  }

  /** For connections from now on. */
  useCertificate({ certificate, key }: Certificate): void {
    if ('setSecureContext' in this.#server) {
      this.#server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
    }
  }

  /** Ends all streams of a Router. */
  cut(router: string): void {
    for (const end of this.#streams.get(router) ?? []) end();
  }

  /** Ends everything at once. */
  close(): Promise<void> {
    const closed = closeNow(this.#server);
    for (const socket of this.#sockets) socket.destroy();
    return closed;
  }

  #admit(socket: Socket): void {
    const source = sourceOf(socket);
    const waiting = this.#waiting.get(source) ?? new Set();
    if (waiting.size >= this.#options.mostWaiting) return void socket.destroy();
    const { remotePort } = socket;
    this.#waiting.set(source, waiting.add(remotePort));
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#waitsNoLonger(source, remotePort);
    });
  }

  /** It carries a stream now, or is gone. */
  #waitsNoLonger(source: string, port: number | undefined): void {
    const waiting = this.#waiting.get(source);
    waiting?.delete(port);
    if (waiting?.size === 0) this.#waiting.delete(source);
  }

  async #connect(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    client.on('error', () => client.destroy());
    const gone = new AbortController();
    client.once('close', () => gone.abort());
    const opened = await this.#open(request, () => parseAuthority(request.url ?? ''), gone.signal);
    if (opened instanceof Refusal) {
      this.#options.metrics.answered(opened.status);
      return this.#refuseSocket(client, opened);
    }
    const { stream, release } = opened;
    const forget = this.#remember(opened, client);
    try {
      if (client.destroyed) return void stream.destroy();
      this.#options.metrics.answered(200);
      this.#waitsNoLonger(sourceOf(request.socket), request.socket.remotePort);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) client.unshift(head);
      const { clock, idleMs, metrics } = this.#options;
      await splice(client, stream, {
        clock,
        idleMs,
        onBytes: (direction, count) => metrics.bytes(direction, count),
      });
    } finally {
      stream.destroy();
      forget();
      release();
    }
  }

  async #request(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const gone = new AbortController();
    reply.once('close', () => gone.abort());
    let place: ReturnType<typeof parseUrl> | undefined;
    const opened = await this.#open(
      request,
      () => {
        place = parseUrl(request.url ?? '');
        return place.target;
      },
      gone.signal,
    );
    const { metrics } = this.#options;
    if (opened instanceof Refusal || place === undefined) {
      const refusal = opened instanceof Refusal ? opened : new Refusal(500, 'The relay failed.');
      metrics.answered(refusal.status);
      return refuse(reply, refusal);
    }
    const { stream, release } = opened;
    const forget = this.#remember(opened, reply);
    // Kept open by a client that is known, it is no stranger's.
    this.#waitsNoLonger(sourceOf(request.socket), request.socket.remotePort);
    stream.on('error', () => stream.destroy());
    try {
      const onBytes = (direction: 'to_router' | 'from_router', count: number) =>
        metrics.bytes(direction, count);
      await passOn(request, reply, { ...place, stream, idleMs: ANSWER_LIMIT_MS, onBytes });
      metrics.answered(200);
    } catch (error) {
      const refusal =
        error instanceof Refusal ? error : new Refusal(502, 'The router did not answer in HTTP.');
      metrics.answered(refusal.status);
      refuse(reply, refusal);
    } finally {
      stream.destroy();
      forget();
      release();
    }
  }

  /** A refusal is a value: both callers answer it, each in its way. */
  async #open(
    request: IncomingMessage,
    target: () => Target,
    signal: AbortSignal,
  ): Promise<Opened | Refusal> {
    const { opener, clock, logger, metrics } = this.#options;
    const began = clock.monotonic();
    const source = sourceOf(request.socket);
    try {
      const opened = await opener.open({ target: target(), headers: request.headers, source, signal });
      metrics.opened((clock.monotonic() - began) / 1_000);
      const { caller, router } = opened;
      logger.debug({ caller: caller.username, router, source }, 'A connection to a router was opened.');
      return opened;
    } catch (error) {
      if (error instanceof Refusal) {
        logger.debug({ source, status: error.status, why: error.message }, 'The relay refused a request.');
        return error;
      }
      logger.error({ err: error }, 'The relay failed in a way that nobody thought of.');
      return new Refusal(
        500,
        'The relay failed in a way that nobody thought of; the log of the gateway says more.',
      );
    }
  }

  /** @returns what forgets it again */
  #remember({ router, stream }: Opened, client: { destroy(): unknown }): () => void {
    if (router === undefined) return () => undefined;
    const ends = this.#streams.get(router) ?? new Set();
    const end = (): void => {
      stream.destroy();
      client.destroy();
    };
    this.#streams.set(router, ends.add(end));
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#streams.get(router) === ends) this.#streams.delete(router);
    };
  }

  #refuseSocket(socket: Duplex, refusal: Refusal): void {
    const headers = refusalHeaders(refusal);
    const lines = [`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`];
    for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
    socket.end(`${lines.join('\r\n')}\r\n\r\n${refusalBody(refusal)}`, () => socket.destroy());
  }
}

const sourceOf = ({ remoteAddress }: Socket): string => remoteAddress ?? 'unknown';

function refuse(reply: ServerResponse, refusal: Refusal): void {
  if (reply.headersSent || reply.destroyed) return void reply.destroy();
  reply.sendDate = false;
  reply.writeHead(refusal.status, refusalHeaders(refusal));
  reply.end(refusalBody(refusal));
}
