import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Endpoint, Endpoints } from './endpoints.ts';
import type { Flow } from './flow-table.ts';

/** Datagrams that wait until a socket is connected, which takes a moment. */
const MOST_WAITING = 16;
/** Datagrams that the kernel has not taken yet; what comes beyond is lost, as in any full queue. */
const MOST_QUEUED = 64;

export interface UdpFlowOptions {
  source: string;
  /** The port on the server's address that it goes to. */
  port: number;
  endpoints: Endpoints;
  /** Takes a reply to the router. */
  deliver: (reply: Buffer) => void;
  /** Something was lost on the way to an endpoint. */
  onDropped: () => void;
}

/** One router's port and the endpoint that it talks to, by a socket of its own in the node's network. */
export class UdpFlow implements Flow {
  readonly source: string;
  readonly port: number;
  readonly #options: UdpFlowOptions;
  #endpoint: Endpoint | undefined;
  #socket: Socket | undefined;
  #isConnected = false;
  #waiting: Buffer[] = [];

  constructor(options: UdpFlowOptions) {
    this.source = options.source;
    this.port = options.port;
    this.#options = options;
  }

  /** To the endpoint that it has always gone to, or to another where that one has gone or refused. */
  send(datagram: Buffer): void {
    const { endpoints, onDropped } = this.#options;
    if (this.#endpoint !== undefined && !endpoints.has(this.#endpoint)) this.#leave();
    const socket = this.#socket ?? this.#connect();
    if (socket !== undefined && !this.#isConnected && this.#waiting.length < MOST_WAITING) {
      this.#waiting.push(datagram);
    } else if (socket !== undefined && this.#isConnected && socket.getSendQueueCount() < MOST_QUEUED) {
      socket.send(datagram, (error) => error && onDropped());
    } else {
      onDropped();
    }
  }

  close(): void {
    this.#leave();
  }

  #connect(): Socket | undefined {
    const endpoint = this.#options.endpoints.next();
    if (endpoint === undefined) return undefined;
    const socket = createSocket(isIPv6(endpoint.address) ? 'udp6' : 'udp4');
    this.#endpoint = endpoint;
    this.#socket = socket;
    socket.on('error', () => {
      // Nobody listens there, or there is no way to it.
      this.#options.endpoints.failed(endpoint);
      if (this.#socket === socket) this.#leave();
    });
    socket.on('message', (reply) => this.#options.deliver(reply));
    socket.on('connect', () => {
      if (this.#socket !== socket) return;
      this.#isConnected = true;
      for (const datagram of this.#waiting.splice(0)) this.send(datagram);
    });
    socket.connect(endpoint.port, endpoint.address);
    return socket;
  }

  #leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#endpoint = undefined;
    this.#isConnected = false;
    this.#waiting = [];
    socket?.close();
  }
}
