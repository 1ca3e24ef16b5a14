import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { SidecarError } from '../errors.ts';
import type {
  Applied,
  Arrivals,
  Hold,
  PeerCall,
  PeerChange,
  PeerObservation,
  RefusedPeer,
  ServicesApplied,
  ServicesState,
  SidecarVersion,
  TunnelList,
  TunnelState,
} from '../protocol.ts';
import { openStream } from './connect.ts';
import { parseArrivals, parseObservations, parseRefused } from './observations.ts';
import { type Call, readChunks, readText, send, type Target } from './request.ts';

export interface SidecarClientOptions {
  /** Path of the sidecar's Unix socket. */
  socketPath: string;
  /** Milliseconds that the sidecar may be silent; default 60,000 (65,000 peers take some seconds to set). */
  timeoutMs?: number;
  /** Milliseconds until a CONNECT is given up; default 15,000, longer than the sidecar's own limit. */
  connectTimeoutMs?: number;
}

export interface ObserveOptions {
  /** Only peers whose last handshake is at or after this Unix time in seconds. */
  since?: number;
  signal?: AbortSignal;
}

/**
 * The agent's side of the protocol. Every method throws {@link SidecarError} with the sidecar's code, or with
 * `Unreachable`, `Timeout` or `BadReply`; an aborted signal throws its reason. Nothing is retried here.
 */
export class SidecarClient {
  readonly #target: Target;
  readonly #connectTarget: Target;

  constructor(options: SidecarClientOptions) {
    const { socketPath, timeoutMs = 60_000, connectTimeoutMs = 15_000 } = options;
    const agent = new Agent({ maxSockets: 64 });
    this.#target = { socketPath, agent, timeoutMs };
    this.#connectTarget = { socketPath, agent, timeoutMs: connectTimeoutMs };
  }

  /** Which protocol the sidecar speaks and which WireGuard the node has. */
  version(signal?: AbortSignal): Promise<SidecarVersion> {
    return this.#json({ method: 'GET', path: '/v1/version', signal });
  }

  /** The tunnels that exist on the node, desired or not. */
  list(signal?: AbortSignal): Promise<TunnelList> {
    return this.#json({ method: 'GET', path: '/v1/tunnels', signal });
  }

  /** Says whether the node's tunnels may speak; done when the kernel knows it. */
  async hold(hold: Hold, signal?: AbortSignal): Promise<void> {
    await this.#json({ method: 'PUT', path: '/v1/hold', body: hold, signal });
  }

  /** Brings a tunnel to this state, whatever is there; changes nothing where it is so already. */
  put(state: TunnelState, signal?: AbortSignal): Promise<Applied> {
    return this.#json({ method: 'PUT', path: `/v1/tunnels/${state.interfaceName}`, body: state, signal });
  }

  /** Changes some peers of a tunnel. `UnknownTunnel` where it has to be put first. */
  patchPeers(interfaceName: string, change: PeerChange, signal?: AbortSignal): Promise<Applied> {
    return this.#json({ method: 'PATCH', path: `/v1/tunnels/${interfaceName}/peers`, body: change, signal });
  }

  /** Peers whose handshakes arrive and are refused. */
  async refused(signal?: AbortSignal): Promise<RefusedPeer[]> {
    return parseRefused(await this.#json({ method: 'GET', path: '/v1/refused', signal }));
  }

  /** Waits until somebody begins a handshake; see {@link Arrivals}. */
  async arrivals(after: number, signal?: AbortSignal): Promise<Arrivals> {
    return parseArrivals(await this.#json({ method: 'GET', path: `/v1/arrivals?after=${after}`, signal }));
  }

  /** Speaks first to one of them; does nothing for any other. */
  call(interfaceName: string, publicKey: string, signal?: AbortSignal): Promise<Applied> {
    const body: PeerCall = { publicKey };
    return this.#json({ method: 'POST', path: `/v1/tunnels/${interfaceName}/call`, body, signal });
  }

  /** Brings what a tunnel's routers may reach to this. `UnknownTunnel` where it has to be put first. */
  putServices(interfaceName: string, wanted: ServicesState, signal?: AbortSignal): Promise<ServicesApplied> {
    return this.#json({ method: 'PUT', path: `/v1/tunnels/${interfaceName}/services`, body: wanted, signal });
  }

  /** Removes a tunnel and all that belongs to it; one that is not there is no error. */
  remove(interfaceName: string, signal?: AbortSignal): Promise<Applied> {
    return this.#json({ method: 'DELETE', path: `/v1/tunnels/${interfaceName}`, signal });
  }

  /** What WireGuard knows of each peer, as it arrives. */
  async *observe(interfaceName: string, options: ObserveOptions = {}): AsyncGenerator<PeerObservation> {
    const { since, signal } = options;
    const query = since === undefined ? '' : `?since=${since}`;
    const call = { method: 'GET', path: `/v1/tunnels/${interfaceName}/peers${query}`, signal };
    const response = await send(this.#target, call);
    try {
      yield* parseObservations(readChunks(response, this.#target, signal));
    } finally {
      response.destroy();
    }
  }

  /** The tunnel as `ip`, `wg show` and `nft list` print it, for a person; no secret in it. */
  async show(interfaceName: string, signal?: AbortSignal): Promise<string> {
    const response = await send(this.#target, {
      method: 'GET',
      path: `/v1/tunnels/${interfaceName}/show`,
      signal,
    });
    return readText(response, this.#target, signal);
  }

  /**
   * A TCP connection to a router, made from inside its tunnel's namespace. `AddressOutside` for any other address,
   * `ConnectFailed` or `ConnectTimeout` where the router does not answer. The signal only stops the opening.
   */
  connect(interfaceName: string, address: string, port: number, signal?: AbortSignal): Promise<Duplex> {
    return openStream(this.#connectTarget, interfaceName, `${address}:${port}`, signal);
  }

  async #json<T>(call: Call): Promise<T> {
    const text = await readText(await send(this.#target, call), this.#target, call.signal);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new SidecarError('BadReply', `The sidecar's reply to ${call.method} ${call.path} is not JSON.`, {
        cause,
      });
    }
  }
}
