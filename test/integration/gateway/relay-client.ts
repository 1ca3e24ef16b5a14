import { type IncomingMessage, request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

export interface Answer {
  status: number;
  /** What is read to the end: the router's words, or the relay's sentence. */
  said: string;
}

export interface Ask {
  token?: string | undefined;
  headers?: Record<string, string>;
  /** For a relay that speaks TLS. */
  tls?: ConnectionOptions;
  /** Sent once the stream is open, which is then half closed. */
  words?: string;
}

const authorization = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { 'Proxy-Authorization': `Bearer ${token}` };

/** HTTP CONNECT through a relay. */
export async function through(relay: string, authority: string, options: Ask = {}): Promise<Answer> {
  const { token, headers = {}, words = '' } = options;
  const { reply, socket, head } = await new Promise<{ reply: IncomingMessage; socket: Socket; head: Buffer }>(
    (resolve, reject) => {
      const outgoing = request({
        method: 'CONNECT',
        path: authority,
        headers: { Host: authority, ...authorization(token), ...headers },
        createConnection: () => dial(relay, options),
      });
      outgoing.on('connect', (response, stream, first) =>
        resolve({ reply: response, socket: stream as Socket, head: first }),
      );
      outgoing.on('error', reject);
      outgoing.end();
    },
  );
  if (head.length > 0) socket.unshift(head);
  if (reply.statusCode === 200) socket.end(words);
  const said = await text(socket);
  socket.destroy();
  return { status: reply.statusCode ?? 0, said };
}

/** A plain GET through a relay. */
export function getThrough(relay: string, url: string, { token, headers = {} }: Ask = {}): Promise<Answer> {
  const { hostname, port } = new URL(relay);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, path: url, headers: { ...authorization(token), ...headers }, agent: false },
      (reply) => text(reply).then((said) => resolve({ status: reply.statusCode ?? 0, said }), reject),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function dial(relay: string, { tls }: Ask): Socket {
  const { hostname, port } = new URL(relay);
  const address = { host: hostname, port: Number(port), allowHalfOpen: true };
  return tls === undefined ? connectTcp(address) : connectTls({ ...address, ...tls });
}
