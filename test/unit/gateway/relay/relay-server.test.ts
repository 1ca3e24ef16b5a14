/** The listener over real sockets, with routers in memory behind it. */
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { RelayMetrics } from '../../../../src/gateway/relay/metrics.ts';
import type { Asked } from '../../../../src/gateway/relay/opener.ts';
import { Refusal } from '../../../../src/gateway/relay/refusal.ts';
import { RelayServer } from '../../../../src/gateway/relay/server.ts';
import { authorityOf } from '../../../../src/gateway/relay/target.ts';
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

async function start({ idleMs = 60_000, mostWaiting = 256, open }: Options = {}) {
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
async function httpRouter(serve: (socket: Socket) => void): Promise<() => Promise<Duplex>> {
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

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Waited in vain for: ${what}`);
    await sleep(5);
  }
};
const CONNECT = 'CONNECT r.acme.router:22 HTTP/1.1\r\nHost: r.acme.router:22\r\n\r\n';

/** Opens a stream by CONNECT. */
async function tunnel(relay: Awaited<ReturnType<typeof start>>, early = ''): Promise<Socket> {
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

describe('CONNECT', () => {
  test('gives a stream in both directions, what was sent early first, and each end by itself', async () => {
    const relay = await start();
    const client = await tunnel(relay, 'early ');
    const [router] = relay.routers;
    if (router === undefined) throw new Error('There is no stream.');
    client.end('late');
    expect(await text(router)).toBe('early late');
    router.end('answer after the end');
    expect(await text(client)).toBe('answer after the end');
    await until('its place is free', () => relay.released() === 1);
    expect(relay.asked.map(({ target, source }) => [authorityOf(target), source])).toEqual([
      ['r.acme.router:22', '127.0.0.1'],
    ]);
    const metrics = await relay.registry.metrics();
    expect(metrics).toContain('tto_relay_requests_total{status="200"} 1');
    expect(metrics).toContain('tto_relay_bytes_total{direction="to_router"} 10');
    expect(metrics).toContain('tto_relay_bytes_total{direction="from_router"} 20');
  });

  test('a slow reader slows the router down: memory does not grow', async () => {
    const relay = await start();
    const client = await tunnel(relay);
    client.pause();
    const [router] = relay.routers;
    let written = 0;
    while (router?.write(Buffer.alloc(65_536)) && written < 1e9) {
      written += 65_536;
      await sleep(0);
    }
    // Socket buffers take some; a relay without backpressure would take all.
    expect(written).toBeLessThan(64e6);
  });

  test('the router gone, the client hears of it; the client gone, the router does', async () => {
    const relay = await start();
    const client = await tunnel(relay);
    relay.routers[0]?.destroy();
    await new Promise((resolve) =>
      client
        .resume()
        .once('close', resolve)
        .once('end', () => client.destroy()),
    );
    const other = await tunnel(relay);
    other.resetAndDestroy();
    const [, router] = relay.routers;
    router?.resume();
    await until('the router hears of it', () => router?.closed === true || router?.readableEnded === true);
    router?.destroy();
    await until('both places are free', () => relay.released() === 2);
  });

  test('without a byte for too long a stream is closed', async () => {
    const relay = await start({ idleMs: 200 });
    const client = await tunnel(relay);
    const began = performance.now();
    for (let round = 0; round < 6; round += 1) {
      client.write('.');
      await sleep(60);
    }
    expect(client.closed).toBe(false);
    await new Promise((resolve) => client.resume().once('end', resolve).once('close', resolve));
    expect(performance.now() - began).toBeGreaterThan(360);
    await until('its place is free', () => relay.released() === 1);
  });

  test('the streams of a Router end when it leaves its tunnel, and those of others do not', async () => {
    const relay = await start();
    const clients = [await tunnel(relay), await tunnel(relay)];
    relay.server.cut('acme/other');
    expect(relay.released()).toBe(0);
    relay.server.cut('acme/r');
    await Promise.all(
      clients.map(
        (one) => new Promise((resolve) => one.resume().once('end', resolve).once('close', resolve)),
      ),
    );
    await until('both places are free', () => relay.released() === 2);
  });

  test('a client that leaves before the router has answered takes its question back', async () => {
    let signal: AbortSignal | undefined;
    const relay = await start({
      open: (asked) =>
        new Promise((_resolve, reject) => {
          signal = asked.signal;
          asked.signal.addEventListener('abort', () => reject(new Refusal(503, 'Called off.')));
        }),
    });
    const client = await relay.dial();
    client.write(CONNECT);
    await until('it is being opened', () => signal !== undefined);
    client.resetAndDestroy();
    await until('it is called off', () => signal?.aborted === true);
  });

  test('a refusal has a status, a sentence in body and headers, and is counted', async () => {
    const relay = await start({ open: async () => Promise.reject(new Refusal(403, 'No "right" for you.')) });
    expect((await relay.say(CONNECT)).split('\r\n')).toEqual([
      'HTTP/1.1 403 Forbidden',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Length: 20',
      'Proxy-Status: tenant-tunnel-relay; error=http_request_denied; details="No \\"right\\" for you."',
      'Connection: close',
      '',
      'No "right" for you.\n',
    ]);
    expect(await relay.registry.metrics()).toContain('tto_relay_requests_total{status="403"} 1');
  });

  test('without a token it says how to show one', async () => {
    const relay = await start({ open: async () => Promise.reject(new Refusal(407, 'Show a token.')) });
    const said = await relay.say(CONNECT);
    expect(said).toMatch(/^HTTP\/1.1 407 Proxy Authentication Required\r\n/);
    expect(said.match(/Proxy-Authenticate: (Basic|Bearer) realm=/g)).toHaveLength(2);
  });

  test('what nobody thought of is 500, logged, and told in general words', async () => {
    const relay = await start({ open: async () => Promise.reject(new Error('internal detail')) });
    const said = await relay.say(CONNECT);
    expect(said).toMatch(/^HTTP\/1.1 500 /);
    expect(said).not.toContain('internal detail');
    expect(relay.logger.messages('error')).toHaveLength(1);
  });
});

describe('a plain request', () => {
  const ask = (
    port: number,
    headers: Record<string, string> = {},
    { method = 'GET', path = 'http://r.acme.router/rest/system?a=1', body = '' } = {},
  ): Promise<{ reply: IncomingMessage; body: string }> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ port, host: '127.0.0.1', method, path, headers, agent: false }, (reply) =>
        text(reply).then((all) => resolve({ reply, body: all }), reject),
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  /** Reads one request whole, and answers. */
  const answering = (heard: string[], answer: string) => (socket: Socket) => {
    let all = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      all += data;
      const [head = '', body] = all.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (body === undefined || body.length < length || (/chunked/i.test(head) && !all.endsWith('0\r\n\r\n')))
        return;
      heard.push(all);
      socket.end(answer);
    });
  };

  test('goes on without what is the proxy’s, and the answer comes back', async () => {
    const heard: string[] = [];
    const answer =
      'HTTP/1.1 201 Made\r\nContent-Length: 2\r\nX-Own: 1\r\nKeep-Alive: 5\r\nProxy-Authenticate: Basic\r\n\r\nok';
    const relay = await start({ open: await httpRouter(answering(heard, answer)) });
    const { reply, body } = await ask(
      relay.port,
      {
        Host: 'elsewhere.example.com',
        Authorization: 'Basic cm91dGVy',
        'Proxy-Authorization': 'Bearer secret-token',
        'Tenant-Tunnel-Token': 'secret-token',
        'Tenant-Tunnel-Forwarded': 'edge-1',
        'Proxy-Connection': 'keep-alive',
        Connection: 'x-hop, close',
        'X-Hop': 'mine',
        TE: 'trailers',
      },
      { method: 'POST', body: 'hello' },
    );
    expect([reply.statusCode, reply.statusMessage, reply.headers['x-own'], body]).toEqual([
      201,
      'Made',
      '1',
      'ok',
    ]);
    expect(reply.headers).not.toHaveProperty('proxy-authenticate');
    const [head = '', sent] = (heard[0] ?? '').split('\r\n\r\n');
    expect([head.split('\r\n')[0], sent]).toEqual(['POST /rest/system?a=1 HTTP/1.1', 'hello']);
    expect(head.match(/^host: .*$/gim)).toEqual(['Host: r.acme.router']);
    expect(head).toContain('Authorization: Basic cm91dGVy');
    expect(head).toContain('Via: 1.1 tenant-tunnel-relay');
    expect(heard[0]).not.toMatch(/secret-token|proxy-|forwarded|x-hop|mine|^te:/im);
    await until('its place is free', () => relay.released() === 1);
  });

  test.each([
    ['chunked', { 'Transfer-Encoding': 'chunked' }, /transfer-encoding: chunked/i],
    ['of no length', { 'Content-Length': '0' }, /content-length: 0/i],
  ])('with a body that is %s keeps its frame', async (_how, headers, frame) => {
    const heard: string[] = [];
    const relay = await start({
      open: await httpRouter(answering(heard, 'HTTP/1.1 204 No Content\r\n\r\n')),
    });
    const chunked = 'Transfer-Encoding' in headers;
    const { reply } = await ask(relay.port, headers as never, { method: 'PUT', body: chunked ? 'abc' : '' });
    expect(reply.statusCode).toBe(204);
    expect(heard[0]).toMatch(frame);
    expect(heard[0]?.match(/transfer-encoding|content-length/gi)).toHaveLength(1);
    if (chunked) expect(heard[0]).toContain('abc');
  });

  test('to a router that does not speak HTTP is 502', async () => {
    for (const answer of [
      'nonsense',
      '',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ]) {
      const relay = await start({ open: await httpRouter(answering([], answer)) });
      const { reply } = await ask(relay.port);
      expect([answer.slice(0, 20), reply.statusCode]).toEqual([answer.slice(0, 20), 502]);
    }
  });

  test('whose answer breaks off breaks off', async () => {
    const relay = await start({
      open: await httpRouter(answering([], 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')),
    });
    await expect(ask(relay.port)).rejects.toThrow();
    await until('its place is free', () => relay.released() === 1);
  });

  test('one connection may ask again after its refusal', async () => {
    const relay = await start({ open: async () => Promise.reject(new Refusal(407, 'Show a token.')) });
    const { reply, body } = await ask(relay.port);
    expect([reply.statusCode, body]).toEqual([407, 'Show a token.\n']);
  });
});

describe('what is no request of a proxy', () => {
  test.each([
    ['a page', 'GET / HTTP/1.1\r\nHost: relay\r\n\r\n', 400],
    ['no target', 'CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['another name', 'CONNECT kubernetes.default.svc:443 HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['SOCKS', '\x05\x01\x00', 400],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00', 400],
    ['headers of 20 kB', `CONNECT r.acme.router:22 HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 400],
    [
      'two lengths',
      'POST http://r.acme.router/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
  ])('%s is refused with its status', async (_what, words, status) => {
    const relay = await start();
    expect(await relay.say(words)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(relay.asked).toEqual([]);
  });

  test('hostile bytes end in a refusal or a closed connection, and the next client is served', async () => {
    const relay = await start();
    const pieces = fc.constantFrom(
      ...[
        'CONNECT ',
        'GET ',
        'http://',
        'r.acme.router',
        ':22',
        ' HTTP/1.1',
        '\r\n',
        '\n',
        '\r',
        '\0',
        ':',
        ' ',
      ],
      ...[
        'Host: x',
        'Proxy-Authorization: ',
        'Basic ',
        'Bearer ',
        'Content-Length: 5',
        'Transfer-Encoding: chunked',
      ],
      ...['\xff\xfe', 'ffffffff', '0\r\n\r\n', 'Upgrade: websocket', 'Expect: 100-continue'],
    );
    const words = fc.oneof(
      fc.array(pieces, { maxLength: 25 }).map((parts) => parts.join('')),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(words, async (said) => {
        const socket = await relay.dial();
        socket.on('error', () => undefined);
        socket.end(said, 'latin1');
        const answer = await Promise.race([text(socket).catch(() => ''), sleep(100).then(() => 'open')]);
        expect(answer).toMatch(/^(HTTP\/1\.1 (200|400|100)|open|$)/);
        socket.destroy();
      }),
      { numRuns: 150 },
    );
    await tunnel(relay);
    expect(relay.logger.messages('error')).toEqual([]);
  });

  test('one address may not take all the room with connections that ask nothing', async () => {
    const relay = await start({ mostWaiting: 5 });
    const silent = await Promise.all(Array.from({ length: 5 }, () => relay.dial()));
    const sixth = await relay.dial();
    expect(await text(sixth).catch(() => '')).toBe('');
    silent[0]?.destroy();
    await sleep(50);
    // Streams do not count: their places are the caller's. More of them than strangers may be here.
    const clients = [];
    for (let round = 0; round < 7; round += 1) clients.push(await tunnel(relay));
    expect(clients.every((one) => !one.destroyed)).toBe(true);
  });
});
