/** Plain requests to the relay's listener, and what is no request at all. */
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { Refusal } from '../../../../src/gateway/relay/refusal.ts';
import { httpRouter, start, tunnel, until } from './relay-listener.ts';

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
