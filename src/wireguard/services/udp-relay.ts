import { createSocket, type Socket } from 'node:dgram';
import type { Endpoints } from './endpoints.ts';
import type { FlowTable } from './flow-table.ts';
import { type End, proxyHeader } from './proxy-protocol.ts';
import type { Relay } from './relay.ts';
import { UdpFlow } from './udp-flow.ts';

export interface UdpRelayOptions {
  /** A socket that is bound, in the tunnel's namespace. */
  fd: number;
  /** What it is bound to. */
  own: End;
  endpoints: Endpoints;
  flows: FlowTable<UdpFlow>;
  onDropped: () => void;
}

/** Replies that the kernel has not taken yet; what comes beyond is lost, as in any full queue. */
const MOST_QUEUED = 1024;
/** Most bytes of a UDP datagram over IPv4: a header before it must not make it longer. */
const MOST_BYTES = 65_507;

/** Takes datagrams of routers to a service, and its replies back to each from where it had asked. */
export class UdpRelay implements Relay {
  proxyProtocol = false;
  readonly #options: UdpRelayOptions;
  readonly #socket: Socket;

  constructor(options: UdpRelayOptions) {
    this.#options = options;
    this.#socket = createSocket({
      type: 'udp4',
      // Only ever addresses: a resolver would put each datagram off.
      lookup: ((address: string, family: number, callback: (...found: unknown[]) => void) =>
        callback(null, address, family)) as never,
    });
    this.#socket.on('message', (datagram, { address, port }) => this.#take(datagram, { address, port }));
    // As when the tunnel's interface has gone: its routers ask again.
    this.#socket.on('error', () => options.onDropped());
    this.#socket.bind({ fd: options.fd, exclusive: true });
  }

  update(): void {
    // Each flow looks for itself, with its next datagram, whether its endpoint is still there.
  }

  close(): void {
    const { flows, own } = this.#options;
    flows.dropWhere(({ port }) => port === own.port);
    this.#socket.close();
  }

  #take(datagram: Buffer, from: End): void {
    const { flows, own, onDropped } = this.#options;
    const key = `${own.port} ${from.address} ${from.port}`;
    const now = performance.now();
    let flow = flows.use(key, now);
    if (flow === undefined) {
      flow = this.#begin(from, key);
      flows.add(key, flow, now);
    }
    const header = this.proxyProtocol ? proxyHeader('UDP', from, own) : undefined;
    if (header === undefined) flow.send(datagram);
    else if (header.length + datagram.length > MOST_BYTES) onDropped();
    else flow.send(Buffer.concat([header, datagram]));
  }

  #begin({ address, port }: End, key: string): UdpFlow {
    const { flows, endpoints, own, onDropped } = this.#options;
    return new UdpFlow({
      source: address,
      port: own.port,
      endpoints,
      onDropped,
      deliver: (reply) => {
        flows.use(key, performance.now());
        if (this.#socket.getSendQueueCount() >= MOST_QUEUED) onDropped();
        else this.#socket.send(reply, port, address, (error) => error && onDropped());
      },
    });
  }
}
