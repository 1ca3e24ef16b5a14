import { type Duplex, duplexPair } from 'node:stream';
import type { SidecarPort } from '../../../src/gateway/index.ts';
import {
  type Applied,
  type Arrival,
  type Arrivals,
  type Hold,
  type Peer,
  type PeerChange,
  type PeerObservation,
  PROTOCOL_VERSION,
  type RefusedPeer,
  type ServiceProblem,
  type ServicesApplied,
  type ServicesState,
  SidecarError,
  type SidecarErrorCode,
  type SidecarVersion,
  type TunnelList,
  type TunnelState,
} from '../../../src/wireguard/index.ts';

interface Interface {
  state: Omit<TunnelState, 'peers'>;
  peers: Map<string, Peer>;
}

/** The protocol's other side, with interfaces in memory. `down`: nobody listens on its socket. */
export class FakeSidecar implements SidecarPort {
  readonly interfaces = new Map<string, Interface>();
  /** Public key → Unix seconds of its last handshake on the interface that is there now. */
  readonly handshakes = new Map<string, number>();
  /** Public key → where it was last seen. */
  readonly endpoints = new Map<string, string>();
  /** Changes that were asked for, in order. */
  readonly calls: ({ put: TunnelState } | { patch: PeerChange; on: string } | { remove: string })[] = [];
  /** Router address → takes the router's end of a new connection; without one nobody answers. */
  readonly listeners = new Map<string, (stream: Duplex) => void>();
  /** Router address → how a connection to it fails. */
  readonly failures = new Map<string, SidecarErrorCode>();
  /** What each tunnel's routers may reach, and how often that was given. */
  readonly services = new Map<string, ServicesState>();
  servicePuts = 0;
  /** Ports that cannot be had. */
  takenPorts = new Set<number>();
  /** What was said of whether the tunnels may speak, in order. */
  readonly holds: Hold[] = [];
  readings = 0;
  /** How often WireGuard of a tunnel has ended by itself. */
  lost = 0;
  /** How often it was asked for its version. */
  looks = 0;
  down = false;
  /** Whether another one has the node. */
  state: SidecarVersion['state'] = 'active';
  /** Why the node can carry no tunnel. */
  problem: string | null = null;
  /** PUTs under way at once, at most so far. */
  mostPuts = 0;
  /** Until this resolves, no PUT is answered. */
  gate: Promise<void> = Promise.resolve();
  /** Tells that somebody begins a handshake. */
  arrive: (arrival: Arrival) => void = () => {};
  /** What it says of peers that are refused. */
  refusals: RefusedPeer[] = [];
  /** Public keys that were spoken to first. */
  readonly called: string[] = [];
  #puts = 0;

  /** As if the container was replaced on a node without kernel WireGuard: all is gone. */
  loseAll(): void {
    this.interfaces.clear();
    this.services.clear();
    this.handshakes.clear();
  }

  shakeHands(publicKey: string, secondsAgo = 0): void {
    this.handshakes.set(publicKey, Math.floor(Date.now() / 1000) - secondsAgo);
  }

  keysOf(interfaceName: string): string[] {
    return [...(this.interfaces.get(interfaceName)?.peers.keys() ?? [])].sort();
  }

  async version(): Promise<SidecarVersion> {
    this.looks += 1;
    this.#assertThere();
    const implementation = this.state === 'active' && this.problem === null ? 'kernel' : null;
    const { state, problem, lost } = this;
    return { protocol: PROTOCOL_VERSION, state, implementation, problem, lost };
  }

  async list(): Promise<TunnelList> {
    this.#assertUp();
    const tunnels = [...this.interfaces.values()].map(({ state, peers }) => ({
      interfaceName: state.interfaceName,
      listenPort: state.listenPort,
      peers: peers.size,
    }));
    return { tunnels };
  }

  async hold(hold: Hold): Promise<void> {
    this.#assertUp();
    this.holds.push(hold);
  }

  async put(asked: TunnelState): Promise<Applied> {
    this.#assertUp();
    this.mostPuts = Math.max(this.mostPuts, ++this.#puts);
    await this.gate;
    this.#puts--;
    this.#assertUp();
    if (this.problem !== null) throw new SidecarError('NoTunDevice', this.problem);
    this.calls.push({ put: asked });
    const { peers, ...state } = asked;
    const rival = [...this.interfaces.values()].find(
      (other) =>
        other.state.listenPort === state.listenPort && other.state.interfaceName !== state.interfaceName,
    );
    if (rival !== undefined) throw new SidecarError('PortInUse', `Port ${state.listenPort} is in use.`);
    const wanted = new Map(peers.map((peer) => [peer.publicKey, peer]));
    this.interfaces.set(state.interfaceName, { state, peers: wanted });
    return { changes: [] };
  }

  async patchPeers(interfaceName: string, change: PeerChange): Promise<Applied> {
    this.#assertUp();
    const { peers } = this.interface(interfaceName);
    this.calls.push({ patch: change, on: interfaceName });
    for (const peer of change.set) peers.set(peer.publicKey, peer);
    for (const publicKey of change.remove) {
      peers.delete(publicKey);
      this.handshakes.delete(publicKey);
    }
    return { changes: [] };
  }

  async refused(): Promise<RefusedPeer[]> {
    this.#assertUp();
    return this.refusals;
  }

  async arrivals(after: number, signal?: AbortSignal): Promise<Arrivals> {
    this.#assertUp();
    if (after === 0) return { sequence: 1, arrivals: [], listening: true };
    const arrival = await new Promise<Arrival | undefined>((resolve) => {
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
      this.arrive = resolve;
    });
    return { sequence: after + 1, arrivals: arrival === undefined ? [] : [arrival], listening: true };
  }

  async call(interfaceName: string, publicKey: string): Promise<Applied> {
    this.#assertUp();
    this.interface(interfaceName);
    this.called.push(publicKey);
    return { changes: [] };
  }

  async putServices(interfaceName: string, wanted: ServicesState): Promise<ServicesApplied> {
    this.#assertUp();
    this.interface(interfaceName);
    this.servicePuts += 1;
    const before = this.services.get(interfaceName)?.services ?? [];
    const services = wanted.services.map((service) => {
      const known = before.find(
        ({ protocol, port }) => protocol === service.protocol && port === service.port,
      );
      return { ...service, endpoints: service.endpoints ?? known?.endpoints ?? [] };
    });
    this.services.set(interfaceName, { ...wanted, services });
    const problems = wanted.services.flatMap<ServiceProblem>(({ protocol, port }) =>
      this.takenPorts.has(port) ? [{ protocol, port, message: `${protocol} port ${port} is taken.` }] : [],
    );
    return { changes: [], problems };
  }

  async remove(interfaceName: string): Promise<Applied> {
    this.#assertUp();
    this.calls.push({ remove: interfaceName });
    this.interfaces.delete(interfaceName);
    this.services.delete(interfaceName);
    return { changes: [] };
  }

  async *observe(interfaceName: string): AsyncGenerator<PeerObservation> {
    this.#assertUp();
    this.readings += 1;
    for (const publicKey of this.interface(interfaceName).peers.keys()) {
      const lastHandshake = this.handshakes.get(publicKey) ?? 0;
      const endpoint = lastHandshake === 0 ? null : (this.endpoints.get(publicKey) ?? null);
      yield { publicKey, lastHandshake, rx: 148, tx: 92, endpoint };
    }
  }

  async connect(interfaceName: string, address: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    this.#assertUp();
    this.interface(interfaceName);
    const failure = this.failures.get(`${address}:${port}`);
    if (failure !== undefined) throw new SidecarError(failure, `${address}:${port} cannot be reached.`);
    const listener = this.listeners.get(`${address}:${port}`);
    if (listener === undefined) {
      await new Promise((_resolve, reject) => {
        if (signal?.aborted) reject(signal.reason);
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    }
    const [ours, theirs] = duplexPair();
    // As of a connection: whoever ends it ends it for the other side too.
    ours.on('close', () => theirs.destroy());
    listener?.(theirs);
    return ours;
  }

  interface(name: string): Interface {
    const found = this.interfaces.get(name);
    if (found === undefined) throw new SidecarError('UnknownTunnel', `There is no ${name} on this node.`);
    return found;
  }

  #assertThere(): void {
    if (this.down) throw new SidecarError('Unreachable', 'Nobody listens on the socket.');
  }

  #assertUp(): void {
    this.#assertThere();
    if (this.state === 'standby') throw new SidecarError('Standby', 'Another sidecar has this node.');
  }
}
