import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { SIDECAR_STATUS, SidecarError, stopping } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { SidecarErrorBody } from '../protocol.ts';
import { parseDestination, parseInterfaceName } from '../protocol-request.ts';
import { answer, type FindServer, required } from './routes.ts';
import { join } from './streams.ts';

export interface Listener {
  http: HttpServer;
  /** Requests answered, by method and status. */
  requests: Record<string, number>;
  /** From now on every request is refused with `Stopping`. */
  refuseAll(): void;
}

/** The status and body of an error. What is none of ours is logged whole and told in general words. */
function describeError(
  cause: unknown,
  what: string,
  logger: Logger,
): { status: number; body: SidecarErrorBody } {
  if (cause instanceof SidecarError && cause.code in SIDECAR_STATUS) {
    const status = SIDECAR_STATUS[cause.code as keyof typeof SIDECAR_STATUS];
    if (status >= 500) logger.warn({ request: what, code: cause.code }, cause.message);
    return { status, body: { code: cause.code, message: cause.message } };
  }
  logger.error({ request: what, err: cause }, 'a request failed in a way that nobody thought of');
  const message = 'The sidecar failed in a way that nobody thought of; its log says more.';
  return { status: 500, body: { code: 'Internal', message } };
}

/** A request in a log: its path without what a hostile one could add. */
const nameOf = ({ method, url }: IncomingMessage): string =>
  `${method} ${(url ?? '').replace(/[^\w/.:?=-]/g, '?').slice(0, 100)}`;

/** The HTTP side of the sidecar, not yet listening. */
export function createListener(find: FindServer, logger: Logger): Listener {
  const requests: Record<string, number> = {};
  let isStopping = false;
  const count = (method: string | undefined, status: number): void => {
    const key = `${method} ${status}`;
    requests[key] = (requests[key] ?? 0) + 1;
  };
  const refuseWhenStopping = (): void => {
    if (isStopping) throw stopping();
  };

  const http = createServer(
    { maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 5000 },
    async (request: IncomingMessage, response: ServerResponse) => {
      try {
        refuseWhenStopping();
        await answer(find(), request, response);
      } catch (cause) {
        const { status, body } = describeError(cause, nameOf(request), logger);
        if (response.headersSent) return void response.destroy();
        // What is left of a refused body is not read.
        response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
        response.end(JSON.stringify(body));
      } finally {
        count(request.method, response.statusCode);
      }
    },
  );

  http.on('connect', async (request: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    try {
      refuseWhenStopping();
      const { tunnels, streams } = required(find());
      const interfaceName = parseInterfaceName(request.headers.tunnel);
      const destination = parseDestination(request.url ?? '');
      const addresses = await tunnels.addressesOf(interfaceName);
      const { namespacePath } = tunnels.namesOf(interfaceName);
      const leadsTo = (address: number) => tunnels.leadsTo(interfaceName, address);
      const router = await streams.connect({ interfaceName, namespacePath, addresses, leadsTo }, destination);
      if (client.destroyed) return void router.destroy();
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      if (head.length > 0) router.write(head);
      join(client, router);
      count('CONNECT', 200);
    } catch (cause) {
      const { status, body } = describeError(cause, nameOf(request), logger);
      const text = JSON.stringify(body);
      const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close`;
      const reply = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${text}`;
      client.end(reply, () => client.destroy());
      count('CONNECT', status);
    }
  });

  http.on('clientError', (_cause, socket) => socket.destroy());
  return {
    http,
    requests,
    refuseAll() {
      isStopping = true;
    },
  };
}
