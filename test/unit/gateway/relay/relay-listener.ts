/** The relay's listener over real sockets, with routers in memory behind it. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { RelayMetrics } from '../../../../src/gateway/relay/metrics.ts';
import type { Asked } from '../../../../src/gateway/relay/opener.ts';
import { RelayServer } from '../../../../src/gateway/relay/server.ts';
import { systemClock } from '../../../../src/kube/index.ts';
import { recordingLogger } from '../../kube/recording-logger.ts';

interface Options {
  idleMs?: number;
  mostWaiting?: number;
  open?: (asked: Asked) => Promise<Duplex>;
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Ends with the test. */
export async function start({ idleMs = 60_000, mostWaiting = 256, open }: Options = {}) {
  const asked: Asked[] = [];
  let released = 0;
  /** The router's end of each stream. */
  const routers: Socket[] = [];
  const accept = await httpRouter((socket) => void routers.push(socket.on('error', () => undefined)));
  const registry = new Registry();
  const logger = recordingLogger();
  const server = new RelayServer(
    {
      opener: {
        async open(one) {
          asked.push(one);
          const count = routers.length;
          const stream = await (open ?? accept)(one);
          if (open === undefined) await until('the router has it', () => routers.length > count);
          const release = (): void => {
            released += 1;
          };
          return { stream, caller: { username: 'somebody' }, router: 'acme/r', release };
        },
      },
      metrics: new RelayMetrics({
        registry,
        isUp: () => true,
        streams: () => 0,
        certificateExpires: () => undefined,
      }),
      clock: systemClock,
      logger,
      idleMs,
      mostWaiting,
      mostConnections: 1_000,
    },
    undefined,
  );
  const port = await server.listen('127.0.0.1', 0);
  cleanups.push(() => server.close());
  const dial = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => resolve(socket));
      socket.on('error', reject);
      cleanups.push(() => void socket.destroy());
    });
  /** Sends text and reads to the end. */
  const say = async (words: string): Promise<string> => {
    const socket = await dial();
    socket.write(words, 'latin1');
    return text(socket);
  };
  return { port, server, asked, routers, registry, logger, dial, say, released: () => released };
}

/** A server of HTTP in the place of a router. */
export async function httpRouter(serve: (socket: Socket) => void): Promise<() => Promise<Duplex>> {
  const accepted: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  cleanups.push(() => {
    for (const socket of accepted) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', reject);
      cleanups.push(() => void socket.destroy());
    });
}

export const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}`);
    await sleep(5);
  }
};

export const CONNECT = 'CONNECT r.acme.router:22 HTTP/1.1\r\nHost: r.acme.router:22\r\n\r\n';

/** Opens a stream by CONNECT. */
export async function tunnel(relay: Awaited<ReturnType<typeof start>>, early = ''): Promise<Socket> {
  const socket = await relay.dial();
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('data', (data) =>
      String(data) === 'HTTP/1.1 200 Connection established\r\n\r\n'
        ? resolve()
        : reject(new Error(String(data))),
    );
  });
  socket.write(CONNECT + early);
  await opened;
  return socket;
}
