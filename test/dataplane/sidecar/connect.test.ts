import { once } from 'node:events';
import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';
import { stateOf } from './tunnel-state.ts';

/** Listens on the router: says back in capitals, once the other side has ended; `hang` never answers. */
const LISTENER = `
const net = require('net');
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  let text = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk;
    if (text === 'reset') socket.resetAndDestroy();
    if (text === 'first') socket.end('bye');
  });
  socket.on('end', () => socket.end(text.toUpperCase()));
});
server.listen(8728, () => console.log('listening'));
`;

dataplane(`connections into a tunnel${leftOut}`, () => {
  let gateway: Gateway;
  let router: Router;
  const state: TunnelState = stateOf(0);
  jest.setTimeout(60_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
    router = await Router.create(gateway, 'router', '10.100.1.1');
    state.peers = [router.peer];
    await gateway.client.put(state);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');
    const listener = router.node.spawn(process.execPath, ['-e', LISTENER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(listener.stdout as NodeJS.ReadableStream, 'data');
  });
  afterAll(() => gateway?.destroy());

  const open = (): Promise<Duplex> => gateway.client.connect('wg0', '10.100.1.1', 8728);

  test('reach a listener on a router, half-closed as TCP is', async () => {
    const stream = await open();
    stream.write('to the ');
    stream.end('router');
    expect(await text(stream)).toBe('TO THE ROUTER');
  });

  test('carry a megabyte there and back whole', async () => {
    const stream = await open();
    const sent = 'abcdefgh'.repeat(128 * 1024);
    stream.end(sent);
    expect(await text(stream)).toBe(sent.toUpperCase());
  });

  test('end when the router ends them first, and break when it breaks them', async () => {
    const stream = await open();
    stream.write('first');
    expect(await text(stream)).toBe('bye');
    stream.end();
    await once(stream, 'close');

    const broken = await open();
    broken.on('error', () => undefined);
    broken.write('reset');
    await once(broken.resume(), 'close');
  });

  test('can be many at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, number) => {
        const stream = await open();
        stream.end(`number ${number}`);
        return text(stream);
      }),
    );
    expect(results).toEqual(results.map((_, number) => `NUMBER ${number}`));
  });

  test('go to addresses of the tunnel alone', async () => {
    for (const address of ['127.0.0.1', '10.101.1.1', gateway.node.address, '0.0.0.0', '255.255.255.255']) {
      await expect(gateway.client.connect('wg0', address, 8728)).rejects.toMatchObject({
        code: 'AddressOutside',
      });
    }
  });

  test('say what is wrong', async () => {
    await expect(gateway.client.connect('wg0', '10.100.1.1', 9)).rejects.toMatchObject({
      code: 'ConnectFailed',
      message: '10.100.1.1:9 in wg0 cannot be reached (ECONNREFUSED).',
    });
    await expect(gateway.client.connect('wg7', '10.100.1.1', 8728)).rejects.toMatchObject({
      code: 'UnknownTunnel',
    });
    await expect(gateway.client.connect('wg0', 'router.example', 80)).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
    await expect(gateway.client.connect('../wg0', '10.100.1.1', 80)).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
    await expect(gateway.client.connect('wg0', '10.100.1.1', 99_999)).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });

  test('are given up when the signal says so', async () => {
    const abort = new AbortController();
    // A peer has this address, and no endpoint: nothing will ever answer.
    const connecting = gateway.client.connect('wg0', '10.100.7.7', 80, abort.signal);
    abort.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    await expect(gateway.client.connect('wg0', '10.100.1.1', 8728, abort.signal)).rejects.toThrow('enough');
  });

  test('beyond 512 into one tunnel are refused, and taken again when others have ended', async () => {
    const streams = await Promise.all(Array.from({ length: 512 }, open));
    await expect(open()).rejects.toMatchObject({ code: 'TooManyStreams' });
    for (const stream of streams) stream.destroy();
    for (;;) {
      const stream = await open().catch((error: { code?: string }) => error.code);
      if (typeof stream !== 'string') {
        stream?.destroy();
        break;
      }
      expect(stream).toBe('TooManyStreams');
    }
  });

  test('times are printed', async () => {
    const times: number[] = [];
    for (let round = 0; round < 200; round += 1) {
      const begun = performance.now();
      const stream = await open();
      times.push(performance.now() - begun);
      stream.destroy();
    }
    times.sort((x, y) => x - y);
    process.stdout.write(
      `  CONNECT: median ${times[100]?.toFixed(2)} ms, p99 ${times[198]?.toFixed(2)} ms\n`,
    );
    expect(times).toHaveLength(200);
  });

  test('requests that are none are refused without harm', async () => {
    const ask = (method: string, path: string, body?: string): Promise<{ status: number; body: string }> =>
      new Promise((resolve, reject) => {
        const outgoing = request({ socketPath: gateway.socketPath, method, path }, async (response) =>
          resolve({ status: response.statusCode ?? 0, body: await text(response) }),
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      });
    const cases: [method: string, path: string, body: string | undefined, status: number, code: string][] = [
      ['GET', '/', undefined, 404, 'UnknownPath'],
      ['POST', '/v1/tunnels', '{}', 405, 'MethodNotAllowed'],
      ['PUT', '/v1/tunnels/eth0', '{}', 400, 'InvalidRequest'],
      ['DELETE', '/v1/tunnels/..%2f..', undefined, 400, 'InvalidRequest'],
      ['PUT', '/v1/tunnels/wg0', '{"privateKey": "', 400, 'InvalidRequest'],
      ['PATCH', '/v1/tunnels/wg5/peers', '{"set":[],"remove":[]}', 404, 'UnknownTunnel'],
      ['GET', '/v1/tunnels/wg5/peers', undefined, 404, 'UnknownTunnel'],
      ['GET', '/v1/tunnels/wg5/show', undefined, 404, 'UnknownTunnel'],
      ['GET', '/v1/tunnels/wg0/peers?since=x', undefined, 400, 'InvalidRequest'],
    ];
    for (const [method, path, body, status, code] of cases) {
      const reply = await ask(method, path, body);
      expect({ path, status: reply.status, code: JSON.parse(reply.body).code }).toEqual({
        path,
        status,
        code,
      });
    }
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
  });

  test('are closed when their tunnel is removed', async () => {
    const stream = await open();
    stream.on('error', () => undefined);
    const closed = once(stream.resume(), 'close');
    await gateway.client.remove('wg0');
    await closed;
    await expect(open()).rejects.toMatchObject({ code: 'UnknownTunnel' });
    await gateway.client.put(state);
  });
});
