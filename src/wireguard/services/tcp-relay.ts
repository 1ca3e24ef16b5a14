import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from '../server/streams.ts';
import type { Connections } from './connections.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { type End, proxyHeader } from './proxy-protocol.ts';
import type { Relay } from './relay.ts';

export interface TcpRelayOptions {
  /** A socket that is bound, in the tunnel's namespace. */
  fd: number;
  /** What it is bound to. */
  own: End;
  endpoints: Endpoints;
  connections: Connections;
  onDropped: () => void;
}

const CONNECT_LIMIT_MS = 5_000;
/** Endpoints that one connection is tried with. */
const MOST_TRIES = 3;
const KEEPALIVE_MS = 30_000;
/** After one side has ended, the other may be silent for so long. */
const HALF_CLOSED_LIMIT_MS = 60_000;
/** As pods are given by default to end what they have begun. */
const GONE_LIMIT_MS = 30_000;
const BACKLOG = 128;

/** Takes connections of routers to a service. */
export class TcpRelay implements Relay {
  proxyProtocol = false;
  readonly #options: TcpRelayOptions;
  readonly #server: Server;
  /** Both ends of each connection, with the endpoint once it has one. */
  readonly #open = new Map<Socket, { backend: Socket; endpoint: Endpoint } | undefined>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: TcpRelayOptions) {
    this.#options = options;
    this.#server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
    });
    this.#server.on('connection', (client) => void this.#accept(client));
    // As when descriptors run out: it goes on listening.
    this.#server.on('error', () => options.onDropped());
    this.#server.listen({ fd: options.fd, backlog: BACKLOG });
  }

  update(): void {
    const { endpoints } = this.#options;
    const isGone = (pair: { endpoint: Endpoint } | undefined): boolean =>
      pair !== undefined && !endpoints.has(pair.endpoint);
    if (![...this.#open.values()].some(isGone)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      for (const [client, pair] of this.#open) if (isGone(pair)) client.destroy();
    }, GONE_LIMIT_MS);
    timer.unref();
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.close();
    for (const [client, pair] of this.#open) {
      client.destroy();
      pair?.backend.destroy();
    }
  }

  async #accept(client: Socket): Promise<void> {
    const { connections, own, onDropped } = this.#options;
    const { remoteAddress: address, remotePort: port } = client;
    client.on('error', () => client.destroy());
    const release = address === undefined ? undefined : connections.admit(address);
    if (address === undefined || port === undefined || release === undefined) {
      onDropped();
      client.resetAndDestroy();
      return;
    }
    this.#open.set(client, undefined);
    client.once('close', () => {
      release();
      this.#open.delete(client);
    });
    const found = await this.#reach(client);
    if (found === undefined) {
      if (!client.destroyed) client.resetAndDestroy();
      onDropped();
      return;
    }
    const { backend } = found;
    this.#open.set(client, found);
    if (this.proxyProtocol) backend.write(proxyHeader('TCP', { address, port }, own));
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      one.once('end', () => other.setTimeout(HALF_CLOSED_LIMIT_MS));
      one.on('timeout', () => one.destroy());
    }
    join(client, backend);
  }

  /** Connects to the next endpoint that answers. */
  async #reach(client: Socket): Promise<{ backend: Socket; endpoint: Endpoint } | undefined> {
    const { endpoints } = this.#options;
    const tried: Endpoint[] = [];
    while (tried.length < MOST_TRIES) {
      const endpoint = endpoints.next(tried);
      if (endpoint === undefined) return undefined;
      tried.push(endpoint);
      const backend = await connectTo(endpoint);
      if (client.destroyed) {
        backend?.destroy();
        return undefined;
      }
      if (backend !== undefined) return { backend, endpoint };
      endpoints.failed(endpoint);
    }
    return undefined;
  }
}

/** A connection, not yet read from; undefined where there is none in time. */
function connectTo({ address, port }: Endpoint): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
    });
    const timer = setTimeout(() => socket.destroy(), CONNECT_LIMIT_MS);
    const settle = (found: Socket | undefined): void => {
      clearTimeout(timer);
      resolve(found);
    };
    socket.on('error', () => socket.destroy());
    socket.once('close', () => settle(undefined));
    socket.once('connect', () => settle(socket));
  });
}
