import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Availability } from '../device/availability.ts';
import { SidecarError } from '../errors.ts';
import { PROTOCOL_VERSION, type SidecarVersion } from '../protocol.ts';
import {
  parseAfter,
  parseHold,
  parseInterfaceName,
  parsePeerCall,
  parsePeerChange,
  parseSince,
  parseTunnelState,
} from '../protocol-request.ts';
import { parseServices } from '../services/request.ts';
import type { Tunnels } from '../tunnel/tunnels.ts';
import { readBody } from './body.ts';
import type { Streams } from './streams.ts';

/** What the requests act upon. */
export interface Server {
  availability: Availability;
  tunnels: Tunnels;
  streams: Streams;
}

/** The server; undefined while another sidecar has the node. */
export type FindServer = () => Server | undefined;

/** A reply: a JSON value, a text for people, or NDJSON as it comes. */
type Reply = { json: unknown } | { text: string } | { lines: AsyncIterable<unknown> };

interface Route {
  method: string;
  path: RegExp;
  /** What is answered while another sidecar has the node; without it, `Standby`. */
  standby?: Reply;
  answer(
    server: Server,
    request: IncomingMessage,
    interfaceName: string,
    query: URLSearchParams,
  ): Promise<Reply>;
}

const TUNNEL = /^\/v1\/tunnels\/([^/]+)$/;
const SERVICES = /^\/v1\/tunnels\/([^/]+)\/services$/;
const PEERS = /^\/v1\/tunnels\/([^/]+)\/peers$/;

const version = (about: Omit<SidecarVersion, 'protocol'>): Reply => ({
  json: { protocol: PROTOCOL_VERSION, ...about },
});

const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/v1\/version$/,
    standby: version({ state: 'standby', implementation: null, problem: null, lost: 0 }),
    answer: async ({ availability, tunnels }) => {
      await availability.lookAgain();
      const { found, problem = null } = availability;
      return version({ state: 'active', implementation: found?.name ?? null, problem, lost: tunnels.lost });
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/tunnels$/,
    answer: async ({ tunnels }) => ({ json: await tunnels.list() }),
  },
  {
    method: 'PUT',
    path: /^\/v1\/hold$/,
    answer: async ({ tunnels }, request) => {
      await tunnels.hold(parseHold(await readBody(request)));
      return { json: {} };
    },
  },
  {
    method: 'PUT',
    path: TUNNEL,
    answer: async ({ tunnels }, request, interfaceName) => ({
      json: await tunnels.put(parseTunnelState(await readBody(request), interfaceName)),
    }),
  },
  {
    method: 'DELETE',
    path: TUNNEL,
    answer: async ({ tunnels, streams }, _request, interfaceName) => {
      streams.closeTunnel(interfaceName);
      return { json: await tunnels.remove(interfaceName) };
    },
  },
  {
    method: 'PUT',
    path: SERVICES,
    answer: async ({ tunnels }, request, interfaceName) => ({
      json: await tunnels.putServices(interfaceName, parseServices(await readBody(request))),
    }),
  },
  {
    method: 'PATCH',
    path: PEERS,
    answer: async ({ tunnels }, request, interfaceName) => ({
      json: await tunnels.patchPeers(interfaceName, parsePeerChange(await readBody(request))),
    }),
  },
  {
    method: 'GET',
    path: PEERS,
    answer: async ({ tunnels }, _request, interfaceName, query) => ({
      lines: tunnels.observe(interfaceName, parseSince(query.get('since'))),
    }),
  },
  {
    method: 'GET',
    path: /^\/v1\/refused$/,
    answer: async ({ tunnels }) => ({ json: tunnels.refused() }),
  },
  {
    method: 'GET',
    path: /^\/v1\/arrivals$/,
    answer: async ({ tunnels }, _request, _interfaceName, query) => ({
      json: await tunnels.arrivals(parseAfter(query.get('after'))),
    }),
  },
  {
    method: 'POST',
    path: /^\/v1\/tunnels\/([^/]+)\/call$/,
    answer: async ({ tunnels }, request, interfaceName) => {
      const { publicKey } = parsePeerCall(await readBody(request));
      return { json: await tunnels.call(interfaceName, publicKey) };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/tunnels\/([^/]+)\/show$/,
    answer: async ({ tunnels }, _request, interfaceName) => ({ text: await tunnels.show(interfaceName) }),
  },
];

/** Finds who answers a request. Throws `UnknownPath` or `MethodNotAllowed`. */
function find(method: string, path: string): { route: Route; interfaceName: string } {
  const matching = ROUTES.filter((route) => route.path.test(path));
  const route = matching.find((candidate) => candidate.method === method);
  if (route !== undefined) {
    const name = route.path.exec(path)?.[1];
    return { route, interfaceName: name === undefined ? '' : parseInterfaceName(name) };
  }
  if (matching.length === 0) throw new SidecarError('UnknownPath', 'There is nothing under this path.');
  const methods = matching.map((candidate) => candidate.method).join(', ');
  throw new SidecarError('MethodNotAllowed', `This path takes ${methods}.`);
}

/** Milliseconds that a reader of a stream may take for what fits its socket's buffer. */
const READER_LIMIT_MS = 30_000;
const WRITE_CHARACTERS = 32 * 1024;

async function writeLines(response: ServerResponse, lines: AsyncIterable<unknown>): Promise<void> {
  const iterator = lines[Symbol.asyncIterator]();
  // The status waits for the first line: until then a failure can still be told.
  let next = await iterator.next();
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  response.setTimeout(READER_LIMIT_MS, () => response.destroy());
  let text = '';
  try {
    for (; !next.done && !response.destroyed; next = await iterator.next()) {
      text += `${JSON.stringify(next.value)}\n`;
      if (text.length < WRITE_CHARACTERS) continue;
      if (!response.write(text)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      text = '';
    }
  } finally {
    await iterator.return?.();
  }
  response.end(text);
}

/** Throws `Standby`. */
export function required(server: Server | undefined): Server {
  if (server !== undefined) return server;
  throw new SidecarError('Standby', 'Another sidecar has this node; this one takes over when that one ends.');
}

/** Answers one request. Throws what the error reply is made of. */
export async function answer(
  server: Server | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = URL.parse(request.url ?? '', 'http://sidecar');
  if (url === null) throw new SidecarError('InvalidRequest', 'The path is not a path.');
  const { route, interfaceName } = find(request.method ?? '', url.pathname);
  const reply =
    server === undefined && route.standby !== undefined
      ? route.standby
      : await route.answer(required(server), request, interfaceName, url.searchParams);
  if ('lines' in reply) {
    await writeLines(response, reply.lines);
  } else if ('text' in reply) {
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' }).end(reply.text);
  } else {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply.json));
  }
}
