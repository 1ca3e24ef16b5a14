import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Registry } from 'prom-client';
import { ProcessError } from './errors.ts';
import { closeNow, listenOn } from './listening.ts';
import type { HostPort } from './parse.ts';
import { metricsText } from './scraped.ts';

export interface HealthOptions {
  /** Where to listen; port 0 takes a free one. */
  address: HostPort;
  /** What is broken beyond repair, so that the process should be restarted; empty when it is well. */
  live: () => string[];
  /** What the process still waits for before it does its work; empty when it is ready. */
  ready: () => string[];
  registry: Registry;
}

export interface HealthServer {
  /** `http://HOST:PORT` as listened on. */
  readonly url: string;
  close(): Promise<void>;
}

const CONTENT_TYPE = 'text/plain; charset=utf-8';
/** Of silence, while somebody should be reading, ms. */
const READ_LIMIT_MS = 10_000;

/**
 * Serves `/healthz`, `/readyz` (200 `ok`, or 503 and a line for each reason) and `/metrics`. Speaks to anybody, so it
 * tells nothing that is secret and bounds what a peer may cost.
 *
 * @throws ProcessError AddressUnavailable
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer({ maxHeaderSize: 8_192, requestTimeout: 10_000, headersTimeout: 5_000 });
  server.maxConnections = 64;
  server.on('request', (request, response) => {
    response.setTimeout(READ_LIMIT_MS, () => response.destroy());
    answer(options, request, response).catch((error: unknown) => {
      // Half a page must not pass for a whole one.
      if (response.headersSent) return response.destroy();
      response.writeHead(500, { 'content-type': CONTENT_TYPE });
      return response.end(`${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await listen(server, options.address);
  const bound = server.address() as AddressInfo;
  const boundHost = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    url: `http://${boundHost}:${bound.port}`,
    close: () => closeNow(server),
  };
}

async function listen(server: Server, { host, port }: HostPort): Promise<void> {
  try {
    await listenOn(server, { port, host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A kernel that was booted without IPv6.
    if (host === '::' && code === 'EAFNOSUPPORT') return listen(server, { host: '0.0.0.0', port });
    const message = `Cannot listen on ${host}:${port} (${code}): choose another --metrics-address.`;
    throw new ProcessError('AddressUnavailable', message, { cause: error });
  }
}

async function answer(
  options: HealthOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { 'content-type': CONTENT_TYPE, allow: 'GET, HEAD' }).end();
    return;
  }
  const [path] = (request.url ?? '').split('?');
  if (path === '/metrics') return answerMetrics(options.registry, response);
  const reasons = path === '/healthz' ? options.live() : path === '/readyz' ? options.ready() : null;
  if (reasons === null) {
    response.writeHead(404, { 'content-type': CONTENT_TYPE });
    response.end('Here are /healthz, /readyz and /metrics.\n');
    return;
  }
  response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': CONTENT_TYPE });
  const verb = path === '/readyz' ? 'waiting for ' : '';
  response.end(reasons.length === 0 ? 'ok\n' : reasons.map((reason) => `${verb}${reason}\n`).join(''));
}

/** As fast as it is read. */
async function answerMetrics(registry: Registry, response: ServerResponse): Promise<void> {
  const texts = metricsText(registry);
  const first = await texts.next();
  response.writeHead(200, { 'content-type': registry.contentType });
  response.write(first.value ?? '');
  await pipeline(texts, response);
}
