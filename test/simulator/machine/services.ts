import { BlockList, createServer, isIPv4, isIPv6, type Server, type Socket } from 'node:net';
import { namespacePath } from '../../testbed/namespaces.ts';
import { listeningSocket } from '../../testbed/setns.ts';
import type { Row, ServiceConnection } from '../engine/index.ts';
import { commaList, isDynamic, isOn, type ReadRows } from './linux/interfaces.ts';

export interface ServicesOptions {
  netns: string;
  rows: ReadRows;
  /** Takes over a client of the API. */
  onApiClient: (socket: Socket) => void;
  /** Open connections changed. */
  onConnections: (connections: readonly ServiceConnection[]) => void;
}

/**
 * The ports of /ip/service. `api` is served; the others open and say nothing, so that a test can tell a port that
 * the firewall lets through from one that it does not.
 */
export class Services {
  readonly #options: ServicesOptions;
  readonly #servers = new Map<string, { port: number; server: Server }>();
  readonly #clients = new Map<Socket, ServiceConnection>();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** Opens and closes ports as the configuration says; open connections stay. */
  async apply(): Promise<void> {
    const wanted = new Map(
      this.#rows()
        .filter(isOn)
        .map((row) => [row.name ?? '', Number(row.port)]),
    );
    for (const [name, { port }] of [...this.#servers]) if (wanted.get(name) !== port) await this.#close(name);
    for (const [name, port] of wanted) if (!this.#servers.has(name)) await this.#open(name, port);
  }

  /** Closes everything at once. */
  async clear(): Promise<void> {
    for (const socket of [...this.#clients.keys()]) socket.destroy();
    for (const name of [...this.#servers.keys()]) await this.#close(name);
  }

  #rows(): Row[] {
    return this.#options.rows('/ip/service').filter((row) => !isDynamic(row));
  }

  async #open(name: string, port: number): Promise<void> {
    const server = createServer((socket) => this.#accept(name, socket));
    const fd = listeningSocket(namespacePath(this.#options.netns), port);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ fd }, resolve);
    });
    this.#servers.set(name, { port, server });
  }

  async #close(name: string): Promise<void> {
    this.#servers.get(name)?.server.close();
    this.#servers.delete(name);
  }

  /** RouterOS lets a connection open before it looks who is there (manual, "Services"). */
  #accept(name: string, socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const row = this.#rows().find((candidate) => candidate.name === name);
    const open = [...this.#clients.values()].filter(({ service }) => service === name).length;
    if (
      row === undefined ||
      !allows(row, socket.remoteAddress) ||
      open >= Number(row['max-sessions'] ?? '1000')
    ) {
      socket.destroy();
      return;
    }
    this.#clients.set(socket, {
      service: name,
      local: `${socket.localAddress}:${socket.localPort}`,
      remote: `${socket.remoteAddress}:${socket.remotePort}`,
    });
    this.#tell();
    socket.on('close', () => {
      this.#clients.delete(socket);
      this.#tell();
    });
    if (name === 'api') this.#options.onApiClient(socket);
    else socket.resume();
  }

  #tell(): void {
    this.#options.onConnections([...this.#clients.values()]);
  }
}

/** Whether the service's `address` (`available-from` since 7.24) names the client; empty means everyone. */
export function allows(service: Row, client: string | undefined): boolean {
  const allowed = commaList(service['available-from'] ?? service.address);
  if (allowed.length === 0) return true;
  if (client === undefined) return false;
  const list = new BlockList();
  for (const entry of allowed) {
    const [address = '', length] = entry.split('/');
    if (isIPv4(address)) list.addSubnet(address, Number(length ?? '32'));
    else if (isIPv6(address)) list.addSubnet(address, Number(length ?? '128'), 'ipv6');
  }
  return list.check(client, isIPv4(client) ? 'ipv4' : 'ipv6');
}
