/** Where the relays of other nodes are, as these say in their Leases; and the way through them. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ANNOTATION_RELAY } from '../../api/index.ts';
import { type Clock, type KubeApi, leases } from '../../kube/index.ts';
import { leaseName } from '../heartbeat.ts';
import type { Certificate } from './certificate.ts';
import { ExpiringCache } from './expiring-cache.ts';
import { isRefusalStatus, Refusal } from './refusal.ts';

/** Of a request that another relay has sent on: it goes no further. The value is that relay's node. */
export const FORWARDED_HEADER = 'tenant-tunnel-forwarded';

export interface NeighboursOptions {
  client: Pick<KubeApi, 'get'>;
  /** Of the Leases. */
  namespace: string;
  /** This node. */
  nodeName: string;
  clock: Clock;
  /** With one, only relays that have one too are trusted with a token. */
  certificate: () => Certificate | undefined;
  /** Name that the others' certificates must be good for. */
  serverName: string;
}

export interface Passage {
  node: string;
  /** `host:port`, as {@link authorityOf} writes it. */
  authority: string;
  token: string;
  signal: AbortSignal;
}

const REMEMBER_MS = 5_000;
/** The other one has a limit of 10 s for a router that does not answer. */
const OPEN_LIMIT_MS = 20_000;
const MAX_SENTENCE = 2_048;

export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #known: ExpiringCache<string>;

  constructor(options: NeighboursOptions) {
    this.#options = options;
    this.#known = new ExpiringCache(1_024, options.clock);
  }

  /** A stream to a router through the relay of its node. @throws Refusal, with that relay's status and sentence */
  async open({ node, authority, token, signal }: Passage, self: string | undefined): Promise<Socket> {
    const url = await this.#find(node, signal);
    if (url === self) throw new Refusal(503, `Node ${node} is taking the tunnel over; try again.`);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(OPEN_LIMIT_MS)]);
    let socket: Socket | undefined;
    try {
      socket = this.#dial(new URL(url), node);
      return await ask(socket, { authority, token, from: this.#options.nodeName, signal: limited });
    } catch (error) {
      socket?.destroy();
      this.#known.set(node, '', 0);
      if (error instanceof Refusal) throw error;
      throw new Refusal(
        limited.aborted ? 504 : 503,
        `The relay of node ${node}, where the tunnel lies, does not answer; try again.`,
        {
          cause: error,
        },
      );
    }
  }

  async #find(node: string, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const { client, namespace } = this.#options;
    let said: string | undefined;
    try {
      const lease = await client.get(
        leases,
        { name: leaseName(node), namespace },
        { signal, timeoutMs: 5_000 },
      );
      said = lease?.metadata.annotations?.[ANNOTATION_RELAY];
    } catch (cause) {
      throw new Refusal(
        503,
        `The API server could not be asked where the relay of node ${node} is; try again.`,
        { cause },
      );
    }
    if (said === undefined || !isRelayUrl(said)) {
      throw new Refusal(
        503,
        `Node ${node}, where the tunnel lies, says of no relay; see that its gateway pod runs.`,
      );
    }
    this.#known.set(node, said, REMEMBER_MS);
    return said;
  }

  #dial({ protocol, hostname, port }: URL, node: string): Socket {
    const address = { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port), allowHalfOpen: true };
    const certificate = this.#options.certificate();
    if (protocol === 'https:') {
      const { serverName } = this.#options;
      const ca = certificate?.authorities;
      return connectTls({
        ...address,
        servername: serverName,
        minVersion: 'TLSv1.2',
        ...(ca !== undefined && { ca, allowPartialTrustChain: true }),
      });
    }
    if (certificate === undefined) return connect(address);
    throw new Refusal(
      503,
      `The relay of node ${node} has no certificate yet, and a token is not shown to it; try again.`,
    );
  }
}

/** An address and a port of a pod, and nothing else. */
export function isRelayUrl(text: string): boolean {
  const match = /^https?:\/\/(?:\[([0-9a-f:.]+)\]|([0-9.]+)):([1-9]\d{0,4})$/.exec(text);
  return match !== null && isIP(match[1] ?? match[2] ?? '') !== 0 && Number(match[3]) <= 65_535;
}

interface Question extends Pick<Passage, 'authority' | 'token' | 'signal'> {
  from: string;
}

async function ask(dialled: Socket, { authority, token, from, signal }: Question): Promise<Socket> {
  signal.throwIfAborted();
  const outgoing: ClientRequest = request({
    method: 'CONNECT',
    path: authority,
    headers: { Host: authority, 'Proxy-Authorization': `Bearer ${token}`, [FORWARDED_HEADER]: from },
    createConnection: () => dialled,
  });
  const abort = (): void => void outgoing.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    const { reply, socket, head } = await new Promise<{
      reply: IncomingMessage;
      socket: Socket;
      head: Buffer;
    }>((resolve, reject) => {
      outgoing.on('connect', (response, stream, first) =>
        resolve({ reply: response, socket: stream as Socket, head: first }),
      );
      outgoing.on('response', () => reject(new Error('CONNECT was answered with an ordinary response.')));
      outgoing.on('error', reject);
      outgoing.end();
    });
    if (reply.statusCode === 200) {
      if (head.length > 0) socket.unshift(head);
      return socket;
    }
    const sentence = await readSentence(socket, head);
    const status = reply.statusCode ?? 0;
    throw isRefusalStatus(status) ? new Refusal(status, sentence) : new Error(`Answered ${status}.`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function readSentence(socket: Socket, head: Buffer): Promise<string> {
  const parts = [head];
  let length = head.length;
  for await (const chunk of socket) {
    parts.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > MAX_SENTENCE) break;
  }
  const text = Buffer.concat(parts).toString('utf8').slice(0, MAX_SENTENCE).trim();
  return text === '' ? 'The relay of the other node refused without a word.' : text;
}
