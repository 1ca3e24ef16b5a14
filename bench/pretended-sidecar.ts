/**
 * A sidecar whose peers all shake hands as routers in the field do: each once in two minutes, spread evenly. Run as a
 * process of its own, so that what it takes is not counted as the agent's:
 * `node bench/pretended-sidecar.ts SOCKET [FOLDER]`; the folder has the routers' own sockets, see scripted-routers.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Peer, PROTOCOL_VERSION, type TunnelState } from '../src/wireguard/protocol.ts';

const [socket = '', folder = ''] = process.argv.slice(2);
const HANDSHAKE_EVERY = 120;
const tunnels = new Map<string, { listenPort: number; peers: Map<string, number> }>();
let served = 0;

/** The last handshake of a peer before now, Unix seconds, by its place among all. */
function lastHandshake(place: number, now: number): number {
  const phase = place % HANDSHAKE_EVERY;
  return Math.floor((now - phase) / HANDSHAKE_EVERY) * HANDSHAKE_EVERY + phase;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const add = (peers: Map<string, number>, set: readonly Peer[]): void => {
  for (const { publicKey } of set) if (!peers.has(publicKey)) peers.set(publicKey, served++);
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sidecar');
  const [, , , name = '', what] = url.pathname.split('/');
  const reply = (value: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  if (url.pathname === '/v1/version') {
    return reply({
      protocol: PROTOCOL_VERSION,
      state: 'active',
      implementation: 'kernel',
      problem: null,
      lost: 0,
    });
  }
  if (url.pathname === '/v1/refused') return reply({ refused: [] });
  if (url.pathname === '/v1/hold') return reply({});
  if (url.pathname === '/v1/arrivals') {
    if (url.searchParams.get('after') !== '0') await sleep(20_000);
    return reply({ sequence: 1, arrivals: [], listening: true });
  }
  if (url.pathname === '/v1/tunnels') {
    const list = [...tunnels].map(([interfaceName, { listenPort, peers }]) => ({
      interfaceName,
      listenPort,
      peers: peers.size,
    }));
    return reply({ tunnels: list });
  }
  if (request.method === 'PUT' && what === 'services') return reply({ changes: [], problems: [] });
  if (request.method === 'PUT' && what === undefined) {
    const { listenPort, peers } = JSON.parse(await bodyOf(request)) as TunnelState;
    const tunnel = { listenPort, peers: new Map<string, number>() };
    add(tunnel.peers, peers);
    tunnels.set(name, tunnel);
    return reply({ changes: [] });
  }
  const tunnel = tunnels.get(name);
  if (tunnel === undefined) return reply({ code: 'UnknownTunnel', message: 'There is none.' }, 404);
  if (request.method === 'PATCH' && what === 'peers') {
    const { set, remove } = JSON.parse(await bodyOf(request)) as { set: Peer[]; remove: string[] };
    add(tunnel.peers, set);
    for (const key of remove) tunnel.peers.delete(key);
    return reply({ changes: [] });
  }
  if (request.method === 'POST' && what === 'call') return reply({ changes: [] });
  if (request.method === 'GET' && what === 'peers') {
    const since = Number(url.searchParams.get('since') ?? 0);
    const now = Math.floor(Date.now() / 1000);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    let text = '';
    for (const [publicKey, place] of tunnel.peers) {
      const at = lastHandshake(place, now);
      if (at < since) continue;
      const rx = at - 1_700_000_000;
      text += `${JSON.stringify({ publicKey, lastHandshake: at, rx, tx: rx, endpoint: null })}\n`;
    }
    response.end(text);
    return;
  }
  reply({ code: 'UnknownPath', message: 'Not pretended.' }, 404);
}

const server = createServer((request, response) => void answer(request, response));
// Connections into tunnels lead to the Unix sockets `ADDRESS.sock` of a folder.
server.on('connect', (request, client) => {
  const address = (request.url ?? '').replace(/:\d+$/, '');
  const router = connect(join(folder, `${address}.sock`), () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    client.pipe(router).pipe(client);
  });
  for (const [one, other] of [
    [client, router],
    [router, client],
  ])
    one?.on('error', () => other?.destroy()).on('close', () => other?.destroy());
});
server.listen(socket);
