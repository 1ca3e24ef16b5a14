import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { subnetsOf } from '../addresses.ts';
import { SidecarError } from '../errors.ts';
import { contains, parseAddress } from '../ipv4.ts';
import { openNamespace } from '../namespace/namespace.ts';
import { connectTcp } from '../namespace/socket.ts';

export interface Destination {
  address: string;
  port: number;
}

/** Where a stream goes out from. */
export interface Origin {
  interfaceName: string;
  namespacePath: string;
  /** The server's own addresses in the tunnel, with prefix lengths. */
  addresses: readonly string[];
  /** Whether a network behind a router has this address. */
  leadsTo: (address: number) => Promise<boolean>;
}

const CONNECT_LIMIT_MS = 10_000;
const KEEPALIVE_MS = 30_000;
const MAX_STREAMS_PER_TUNNEL = 512;
const MAX_STREAMS = 4096;

/** Streams into tunnels: counted, bounded, and closed when their tunnel goes. */
export class Streams {
  readonly #open = new Map<string, Set<Socket>>();
  #count = 0;
  #opened = 0;

  /** Open now. */
  get count(): number {
    return this.#count;
  }

  /** Since the start. */
  get opened(): number {
    return this.#opened;
  }

  /**
   * Connects to an address of the tunnel's own subnets, or behind a router, from inside its namespace. Throws `AddressOutside`,
   * `TooManyStreams`, `ConnectFailed` and `ConnectTimeout`.
   */
  async connect(origin: Origin, { address, port }: Destination): Promise<Socket> {
    const number = parseAddress(address) ?? 0;
    const isInside = subnetsOf(origin.addresses).some((subnet) => contains(subnet, number));
    if (!isInside && !(await origin.leadsTo(number))) {
      const message = `${address} is neither in the subnet of ${origin.interfaceName} (${origin.addresses.join(', ')}) nor in a network behind one of its routers.`;
      throw new SidecarError('AddressOutside', message);
    }
    const socket = await this.#begin(origin, address, port);
    const where = `${address}:${port} in ${origin.interfaceName}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new SidecarError('ConnectTimeout', `${where} did not answer within ${CONNECT_LIMIT_MS} ms.`));
        socket.destroy();
      }, CONNECT_LIMIT_MS);
      socket.on('error', ({ code }: NodeJS.ErrnoException) =>
        reject(new SidecarError('ConnectFailed', `${where} cannot be reached (${code}).`)),
      );
      socket.on('close', () => {
        clearTimeout(timer);
        reject(new SidecarError('ConnectFailed', `${where} was closed before it was open.`));
      });
      socket.on('connect', () => {
        clearTimeout(timer);
        socket.setNoDelay(true);
        socket.setKeepAlive(true, KEEPALIVE_MS);
        resolve(socket);
      });
    });
  }

  /** Closes all streams of a tunnel. */
  closeTunnel(interfaceName: string): void {
    for (const socket of this.#open.get(interfaceName) ?? []) socket.destroy();
  }

  closeAll(): void {
    for (const interfaceName of this.#open.keys()) this.closeTunnel(interfaceName);
  }

  async #begin({ interfaceName, namespacePath }: Origin, address: string, port: number): Promise<Socket> {
    const namespace = await openNamespace(namespacePath);
    try {
      const sockets = this.#open.get(interfaceName) ?? new Set();
      if (sockets.size >= MAX_STREAMS_PER_TUNNEL || this.#count >= MAX_STREAMS) {
        const message = `Too many connections are open into ${interfaceName}; try again later.`;
        throw new SidecarError('TooManyStreams', message);
      }
      const socket = connectTcp(namespace, address, port);
      this.#open.set(interfaceName, sockets.add(socket));
      this.#count += 1;
      this.#opened += 1;
      socket.once('close', () => {
        this.#count -= 1;
        sockets.delete(socket);
        if (sockets.size === 0 && this.#open.get(interfaceName) === sockets) this.#open.delete(interfaceName);
      });
      return socket;
    } finally {
      // Nothing of this process may keep a namespace alive; nobody waits for the close.
      void namespace.close();
    }
  }
}

/** Joins two half-open streams: an end goes through in its direction, a failure of one ends both. */
export function join(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      // After a whole exchange the other has ended as well; otherwise it has to hear of it.
      if (!from.readableEnded || !from.writableFinished) to.destroy();
    });
  }
}
