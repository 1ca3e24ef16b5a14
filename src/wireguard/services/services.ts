import { fstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SidecarError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { type Namespace, openNamespace } from '../namespace/namespace.ts';
import { bindSocket } from '../namespace/socket.ts';
import type { Service, ServiceProblem } from '../protocol.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { Endpoints } from './endpoints.ts';
import { FlowBudget, type FlowLimits, FlowTable } from './flow-table.ts';
import type { Relay } from './relay.ts';
import { TcpRelay } from './tcp-relay.ts';
import type { UdpFlow } from './udp-flow.ts';
import { UdpRelay } from './udp-relay.ts';

/** A descriptor each; a connection takes two. */
const FLOW_LIMITS: FlowLimits = { perSource: 32, perTunnel: 4096, total: 8192, idleMs: 60_000 };
const CONNECTION_LIMITS: ConnectionLimits = { perSource: 32, perTunnel: 512, total: 4096 };
const SWEEP_MS = 5_000;

interface Open {
  service: Service;
  relay: Relay;
  endpoints: Endpoints;
}

/** What listens in the namespace of one tunnel. */
interface Place {
  /** The namespace's inode: sockets stay in the one in which they were made. */
  namespace: number;
  address: string;
  open: Map<string, Open>;
  flows: FlowTable<UdpFlow>;
  connections: Connections;
}

export interface ServiceCounts {
  /** UDP flows and TCP connections that are open. */
  flows: number;
  connections: number;
  /** Datagrams and connections that were not passed on, since the start. */
  dropped: number;
}

const keyOf = ({ protocol, port }: Pick<Service, 'protocol' | 'port'>): string => `${protocol} ${port}`;

/** The services of all tunnels: what listens on their server addresses, and relays to where Kubernetes has them. */
export class Services {
  readonly #logger: Logger;
  readonly #places = new Map<string, Place>();
  /** What listened in a namespace that has gone, until there is another. */
  readonly #parked = new Map<string, { address: string; services: Service[] }>();
  readonly #budget = new FlowBudget(FLOW_LIMITS);
  readonly #all = { open: 0 };
  #dropped = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  counts(): ServiceCounts {
    return { flows: this.#budget.used, connections: this.#all.open, dropped: this.#dropped };
  }

  /** What is open in a tunnel, in the order of ports. */
  openIn(interfaceName: string): Pick<Service, 'protocol' | 'port'>[] {
    return [...(this.#places.get(interfaceName)?.open.values() ?? [])]
      .map(({ service: { protocol, port } }) => ({ protocol, port }))
      .sort((a, b) => a.port - b.port || a.protocol.localeCompare(b.protocol));
  }

  /**
   * Brings what listens on a tunnel's server address to this. What is the same goes on with its flows and connections; a
   * port that cannot be had is a problem of its own and stops no other.
   */
  async put(
    interfaceName: string,
    namespacePath: string,
    address: string,
    wanted: readonly Service[],
  ): Promise<{ changes: string[]; problems: ServiceProblem[] }> {
    this.#parked.delete(interfaceName);
    if (wanted.length === 0) return { changes: this.close(interfaceName), problems: [] };
    const namespace = await openNamespace(namespacePath);
    try {
      const { place, changes } = this.#placeFor(interfaceName, namespace, address);
      changes.push(...closeOthers(place, new Set(wanted.map(keyOf))));
      const problems: ServiceProblem[] = [];
      for (const service of wanted) {
        const { protocol, port } = service;
        try {
          changes.push(...this.#bring(place, namespace, service));
        } catch (cause) {
          if (!(cause instanceof SidecarError)) throw cause;
          problems.push({ protocol, port, message: cause.message });
        }
      }
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
      return { changes, problems };
    } finally {
      void namespace.close();
    }
  }

  /**
   * Ends what listens in a namespace that is not the one under this path: somebody has taken its name away, and the sockets
   * would keep it alive, with the interface in it. {@link renew} opens it all again.
   */
  async leaveGone(interfaceName: string, namespacePath: string): Promise<void> {
    const place = this.#places.get(interfaceName);
    if (place === undefined) return;
    const found = await stat(namespacePath).catch(() => undefined);
    if (found?.ino === place.namespace) return;
    const services = [...place.open.values()].map(({ service }) => service);
    this.close(interfaceName);
    this.#parked.set(interfaceName, { address: place.address, services });
  }

  /** Opens what was left by {@link leaveGone}. */
  async renew(interfaceName: string, namespacePath: string): Promise<void> {
    const parked = this.#parked.get(interfaceName);
    if (parked === undefined) return;
    const { problems } = await this.put(interfaceName, namespacePath, parked.address, parked.services);
    for (const { message } of problems) this.#logger.warn({ interfaceName }, message);
  }

  /** Ends all of a tunnel: nothing of it may keep its namespace alive. */
  close(interfaceName: string): string[] {
    this.#parked.delete(interfaceName);
    const place = this.#places.get(interfaceName);
    if (place === undefined) return [];
    this.#places.delete(interfaceName);
    const changes = closeOthers(place, new Set());
    place.flows.close();
    return changes;
  }

  closeAll(): void {
    for (const interfaceName of [...this.#places.keys()]) this.close(interfaceName);
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #placeFor(interfaceName: string, { fd }: Namespace, address: string): { place: Place; changes: string[] } {
    const namespace = fstatSync(fd).ino;
    const known = this.#places.get(interfaceName);
    if (known?.namespace === namespace && known.address === address) return { place: known, changes: [] };
    const changes = this.close(interfaceName);
    const place: Place = {
      namespace,
      address,
      open: new Map(),
      flows: new FlowTable(this.#budget),
      connections: new Connections(CONNECTION_LIMITS, this.#all),
    };
    this.#places.set(interfaceName, place);
    return { place, changes };
  }

  /** Opens a service, or changes one that is open. Throws what is wrong with its port. */
  #bring(place: Place, namespace: Namespace, service: Service): string[] {
    const key = keyOf(service);
    const known = place.open.get(key);
    const open = known ?? this.#listen(place, namespace, service);
    place.open.set(key, open);
    open.relay.proxyProtocol = service.proxyProtocol ?? false;
    // Who does not know them does not change them.
    const texts = service.endpoints ?? open.service.endpoints ?? [];
    open.service = { ...service, endpoints: texts };
    const { added, removed } = open.endpoints.replace(texts);
    if (removed > 0) open.relay.update();
    const changes = known === undefined ? [`opened ${key}`] : [];
    if (added > 0 || removed > 0) changes.push(`${key}: ${added} endpoints came, ${removed} went`);
    return changes;
  }

  #listen(place: Place, namespace: Namespace, service: Service): Open {
    const { protocol, port } = service;
    const { address, flows, connections } = place;
    const endpoints = new Endpoints();
    const common = {
      fd: bindSocket(namespace, protocol, address, port),
      own: { address, port },
      endpoints,
      onDropped: () => {
        this.#dropped += 1;
      },
    };
    const relay =
      protocol === 'UDP' ? new UdpRelay({ ...common, flows }) : new TcpRelay({ ...common, connections });
    return { service: { ...service, endpoints: [] }, relay, endpoints };
  }

  #sweep(): void {
    const now = performance.now();
    for (const { flows } of this.#places.values()) flows.sweep(now);
  }
}

function closeOthers(place: Place, kept: ReadonlySet<string>): string[] {
  const gone = [...place.open].filter(([key]) => !kept.has(key));
  for (const [key, { relay }] of gone) {
    relay.close();
    place.open.delete(key);
  }
  return gone.map(([key]) => `closed ${key}`);
}
