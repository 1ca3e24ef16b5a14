/**
 * Agents of gateways ask each other over TLS with a key that only they can read: whoever else is on the pod network
 * learns nothing and is not believed.
 */
import { createServer, type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { closeNow, listenOn } from '../../process/index.ts';
import { hostPort } from '../../wireguard/index.ts';
import { type GatewayAnswer, MAX_ANSWER_BYTES, parseAnswer } from './answer.ts';

const TLS = {
  ciphers: 'ECDHE-PSK-CHACHA20-POLY1305',
  minVersion: 'TLSv1.2',
  // TLS 1.3 has pre-shared keys for resumption only, as Node.js offers it.
  maxVersion: 'TLSv1.2',
} as const;
const IDENTITY = 'gateway';
const PATH = '/v1/gateway';

export interface Asked {
  epoch: string;
  since: number;
}

export interface SpeakOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** undefined: not known yet, so that nobody is answered. */
  key: () => Buffer | undefined;
  answer: (asked: Asked) => GatewayAnswer;
}

export interface Speaking {
  /** `address:port` as listened on. */
  readonly address: string;
  close(): Promise<void>;
}

/** Answers other agents. Rejects when the address cannot be listened on. */
export async function listenForPeers({ host, port, key, answer }: SpeakOptions): Promise<Speaking> {
  const server = createServer({
    ...TLS,
    pskCallback: (_socket, identity) => (identity === IDENTITY ? (key() ?? null) : null),
    maxHeaderSize: 4096,
    requestTimeout: 5000,
    headersTimeout: 5000,
    handshakeTimeout: 5000,
  });
  server.maxConnections = 64;
  server.on('request', (incoming, response) => {
    const url = URL.parse(incoming.url ?? '', 'https://gateway');
    if (incoming.method !== 'GET' || url?.pathname !== PATH) return response.writeHead(404).end();
    const since = Number(url.searchParams.get('since') ?? 0);
    const asked = {
      epoch: url.searchParams.get('epoch') ?? '',
      since: Number.isSafeInteger(since) ? since : 0,
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(asked)));
  });
  // Whoever has no key is nobody.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await listenOn(server, { port, host });
  const bound = server.address() as AddressInfo;
  return { address: hostPort(bound.address, bound.port), close: () => closeNow(server) };
}

/** Asks another agent. Rejects when it does not answer in time, or not as one of ours. */
export function askPeer(
  address: string,
  key: Buffer,
  { epoch, since }: Asked,
  signal: AbortSignal,
): Promise<GatewayAnswer> {
  const url = new URL(`https://${address}${PATH}`);
  url.search = new URLSearchParams({ epoch, since: String(since) }).toString();
  return new Promise((resolve, reject) => {
    const options: RequestOptions & Pick<ConnectionOptions, 'pskCallback'> = {
      ...TLS,
      agent: false,
      signal,
      pskCallback: () => ({ psk: key, identity: IDENTITY }),
      // There are no certificates: who has the key is a gateway.
      checkServerIdentity: () => undefined,
    };
    const asking = request(url, options);
    asking.once('error', reject);
    asking.once('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) asking.destroy(new Error('The answer is too long.'));
        else chunks.push(chunk);
      });
      response.once('error', reject);
      response.once('end', () => {
        const answer = parseAnswer(Buffer.concat(chunks).toString());
        if (answer === undefined) reject(new Error(`It answers with status ${response.statusCode}.`));
        else resolve(answer);
      });
    });
    asking.end();
  });
}
