import { randomUUID } from 'node:crypto';
import type { PeerObservation, Seen } from '../../wireguard/index.ts';

interface Sighting {
  endpoint: string;
  lastHandshake: number;
  /** Number of its last change. */
  change: number;
}

/** Where peers of this node's tunnels are, since some change: what another gateway keeps in case this one is lost. */
export interface SightingsSince {
  /** Of this process: the numbers of another one mean nothing. */
  epoch: string;
  /** What to ask with next time. */
  next: number;
  tunnels: Record<string, Seen['peers']>;
}

/** A handshake comes every two minutes from each router, and is told on as seldom as it may be, seconds. */
const HANDSHAKE_STEP = 60;

/** Where the peers of the tunnels on this node were last seen, as the watcher reads it. */
export class Sightings {
  readonly #epoch = randomUUID();
  readonly #tunnels = new Map<string, Map<string, Sighting>>();
  #changes = 0;

  /** What was told of a tunnel that comes here: it is told on until its peers are read, which may be when it leaves again. */
  adopt(interfaceName: string, { peers }: Seen): void {
    for (const [publicKey, [endpoint, lastHandshake]] of Object.entries(peers))
      this.note(interfaceName, { publicKey, endpoint, lastHandshake });
  }

  /** Returns where the peer was before, if that is elsewhere. */
  note(
    interfaceName: string,
    { publicKey, endpoint, lastHandshake }: Pick<PeerObservation, 'publicKey' | 'endpoint' | 'lastHandshake'>,
  ): string | undefined {
    if (endpoint === null || lastHandshake === 0) return undefined;
    const tunnel = this.#tunnels.get(interfaceName) ?? new Map<string, Sighting>();
    this.#tunnels.set(interfaceName, tunnel);
    const known = tunnel.get(publicKey);
    const isThere = known?.endpoint === endpoint;
    if (isThere && lastHandshake - known.lastHandshake < HANDSHAKE_STEP) return undefined;
    this.#changes += 1;
    tunnel.set(publicKey, { endpoint, lastHandshake, change: this.#changes });
    return isThere ? undefined : known?.endpoint;
  }

  /** Keeps those of these tunnels. */
  retain(isCarried: (interfaceName: string) => boolean): void {
    for (const name of this.#tunnels.keys()) if (!isCarried(name)) this.#tunnels.delete(name);
  }

  since(epoch: string, change: number): SightingsSince {
    const from = epoch === this.#epoch ? change : 0;
    const tunnels: Record<string, Seen['peers']> = {};
    for (const [name, peers] of this.#tunnels) {
      const changed = [...peers].filter(([, sighting]) => sighting.change > from);
      if (changed.length === 0) continue;
      tunnels[name] = Object.fromEntries(
        changed.map(([key, { endpoint, lastHandshake }]) => [key, [endpoint, lastHandshake]]),
      );
    }
    return { epoch: this.#epoch, next: this.#changes, tunnels };
  }
}
