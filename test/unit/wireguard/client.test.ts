import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { parseObservations } from '../../../src/wireguard/client/observations.ts';
import { type PeerObservation, SidecarClient } from '../../../src/wireguard/index.ts';
import { key, keyOf } from './peers.ts';

const STATE = {
  interfaceName: 'wg0',
  privateKey: keyOf(1),
  listenPort: 1,
  addresses: [],
  mtu: 1420,
  peers: [],
};
const reply = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

describe('the client of the sidecar', () => {
  const folder = mkdtempSync(join(tmpdir(), 'client-'));
  const socketPath = join(folder, 'sidecar.sock');
  const sockets = new Set<Socket>();
  let server: Server;
  let behave: (socket: Socket, request: string) => void;

  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (chunk) => behave(socket, chunk.toString()));
    }).listen(socketPath);
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const client = new SidecarClient({ socketPath, timeoutMs: 300, connectTimeoutMs: 300 });
  const answer = (status: string, body: string) => {
    behave = (socket) => socket.end(reply(status, body));
  };

  test('throws the error that the sidecar sent, with its code', async () => {
    answer('409 Conflict', JSON.stringify({ code: 'PortInUse', message: 'UDP port 1 is in use.' }));
    await expect(client.put(STATE)).rejects.toMatchObject({
      code: 'PortInUse',
      message: 'UDP port 1 is in use.',
    });
  });

  test.each(['', 'no', '[]', 'null', '{"code":"Invented","message":"x"}', '{"code":1}'])(
    'an error whose body is %j is a bad reply',
    async (body) => {
      answer('500 Internal Server Error', body);
      await expect(client.list()).rejects.toMatchObject({ code: 'BadReply' });
      await expect(client.connect('wg0', '10.0.0.1', 1)).rejects.toMatchObject({ code: 'BadReply' });
    },
  );

  test('a reply that is not JSON is a bad reply', async () => {
    answer('200 OK', '<html>');
    await expect(client.version()).rejects.toMatchObject({ code: 'BadReply' });
  });

  test('a reply that is no HTTP, or is cut, is unreachable', async () => {
    behave = (socket) => socket.end('220 ready\r\n');
    await expect(client.version()).rejects.toMatchObject({ code: 'Unreachable' });
    behave = (socket) => socket.end(reply('200 OK', '{"tunnels":[]}').slice(0, -3));
    await expect(client.list()).rejects.toMatchObject({ code: 'Unreachable' });
    behave = (socket) => socket.end();
    await expect(client.connect('wg0', '10.0.0.1', 1)).rejects.toMatchObject({ code: 'Unreachable' });
  });

  test('a sidecar that is silent is timed out', async () => {
    behave = () => undefined;
    await expect(client.version()).rejects.toMatchObject({ code: 'Timeout' });
    await expect(client.connect('wg0', '10.0.0.1', 1)).rejects.toMatchObject({ code: 'Timeout' });
    await expect(client.observe('wg0').next()).rejects.toMatchObject({ code: 'Timeout' });
  });

  test('a sidecar that falls silent in the middle is timed out', async () => {
    behave = (socket) => socket.write(reply('200 OK', '{"tunnels":[]}').slice(0, -3));
    await expect(client.list()).rejects.toMatchObject({ code: 'Timeout' });
  });

  test('a socket that nobody listens on is unreachable', async () => {
    const nobody = new SidecarClient({ socketPath: join(folder, 'none.sock') });
    await expect(nobody.version()).rejects.toMatchObject({ code: 'Unreachable' });
    await expect(nobody.connect('wg0', '10.0.0.1', 1)).rejects.toMatchObject({ code: 'Unreachable' });
  });

  test('an aborted signal throws its reason', async () => {
    behave = () => undefined;
    const reason = new Error('enough');
    const abort = new AbortController();
    const waiting = [
      client.version(abort.signal),
      client.put(STATE, abort.signal),
      client.connect('wg0', '10.0.0.1', 1, abort.signal),
      client.observe('wg0', { signal: abort.signal }).next(),
    ];
    setImmediate(() => abort.abort(reason));
    for (const each of await Promise.allSettled(waiting))
      expect(each).toEqual({ status: 'rejected', reason });
  });

  test('bytes that come with the head of a CONNECT are not lost', async () => {
    behave = (socket, request) => {
      expect(request).toMatch(/^CONNECT 10\.100\.1\.1:8728 HTTP\/1\.1\r\n/);
      expect(request).toMatch(/\r\nTunnel: wg0\r\n/);
      socket.write('HTTP/1.1 200 Connected\r\n\r\nearly ');
      socket.on('data', (chunk) => socket.end(chunk));
    };
    const stream = await client.connect('wg0', '10.100.1.1', 8728);
    stream.write('late');
    expect(await text(stream)).toBe('early late');
  });

  test('observations may stop being read at any time', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    behave = (socket, request) => {
      expect(request).toContain('GET /v1/tunnels/wg0/peers?since=5 ');
      closed = once(socket, 'close');
      const line = `${JSON.stringify({ publicKey: keyOf(1), lastHandshake: 5, rx: 0, tx: 0, endpoint: null })}\n`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${line}${line}`);
    };
    for await (const { publicKey } of client.observe('wg0', { since: 5 })) {
      expect(publicKey).toBe(keyOf(1));
      break;
    }
    await closed;
  });
});

describe('lines of observations', () => {
  const observation: fc.Arbitrary<PeerObservation> = fc.record({
    publicKey: key,
    lastHandshake: fc.nat(),
    rx: fc.nat(),
    tx: fc.nat(),
    endpoint: fc.constantFrom(null, '203.0.113.1:1024', '[2001:db8::1]:5'),
  });
  async function collect(chunks: string[]): Promise<PeerObservation[]> {
    const result: PeerObservation[] = [];
    for await (const each of parseObservations(fc.stream(chunks.values()) as never)) result.push(each);
    return result;
  }

  test('are read however they are cut', async () => {
    const cuts = fc.array(fc.nat(2000), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { maxLength: 8 }), cuts, async (peers, positions) => {
        const whole = peers.map((peer) => `${JSON.stringify(peer)}\n`).join('');
        const ends = [...positions.toSorted((x, y) => x - y), whole.length];
        const chunks = ends.map((end, index) => whole.slice(index === 0 ? 0 : ends[index - 1], end));
        expect(await collect(chunks)).toEqual(peers);
      }),
    );
  });

  test.each([
    'x\n',
    'null\n',
    '{}\n',
    '{"publicKey":"x","lastHandshake":0,"rx":0,"tx":0,"endpoint":null}\n',
    `{"publicKey":"${keyOf(1)}","lastHandshake":-1,"rx":0,"tx":0,"endpoint":null}\n`,
    `{"publicKey":"${keyOf(1)}","lastHandshake":0,"rx":0,"tx":0}\n`,
    'half a line',
    'x'.repeat(5000),
  ])('that are none are a bad reply', async (line) => {
    await expect(collect([line])).rejects.toMatchObject({ code: 'BadReply' });
  });
});
