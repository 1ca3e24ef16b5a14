import type { PeerObservation } from '../protocol.ts';
import { type EndpointRecord, isEndpoint, type Sighting, speakersOf } from './record.ts';

/** What an interface made anew is told of its peers. */
export interface Recalled {
  /** Public key → endpoint. */
  endpoints: Map<string, string>;
  /** Public keys of those to be spoken to first, the most recently seen first. */
  speakers: string[];
}

interface Remembered {
  peers: Map<string, Sighting>;
  /** Unix seconds of the newest sighting. */
  seenAt: number;
  /** ms, monotonic. */
  savedAt: number;
  moved: boolean;
  heard: boolean;
}

/** A record is written anew this long after an endpoint has changed; of a large tunnel less often, as it costs more. */
const MOVED_MS = 3000;
const MOVED_MS_PER_PEER = 1;
/** And so long after the last one where only handshakes were made. */
const HEARD_MS = 60_000;

/** What was read is a piece of a text, which would be kept whole. */
const copyOf = (text: string): string => Buffer.from(text).toString();

/**
 * Where the peers of each tunnel were last seen, from what streams by when the agent asks. Decides what is worth
 * writing down when; times are arguments.
 */
export class EndpointMemory {
  readonly #tunnels = new Map<string, Remembered>();

  /** Takes one observation in. */
  note(interfaceName: string, { publicKey, endpoint, lastHandshake }: PeerObservation, now: number): void {
    if (endpoint === null) return;
    const tunnel = this.#ensure(interfaceName);
    tunnel.seenAt = now;
    const known = tunnel.peers.get(publicKey);
    if (known !== undefined && known.endpoint === endpoint) {
      if (lastHandshake <= known.lastHandshake) return;
      known.lastHandshake = lastHandshake;
      tunnel.heard = true;
      return;
    }
    if (!isEndpoint(endpoint)) return;
    tunnel.peers.set(copyOf(publicKey), {
      endpoint: copyOf(endpoint),
      lastHandshake: Math.max(lastHandshake, known?.lastHandshake ?? 0),
    });
    tunnel.moved = true;
  }

  knows(interfaceName: string): boolean {
    return this.#tunnels.has(interfaceName);
  }

  /** Takes in what was written down earlier, or by somebody else; of two sightings the one with the later handshake. */
  adopt(interfaceName: string, { peers, writtenAt }: EndpointRecord): void {
    const tunnel = this.#ensure(interfaceName);
    tunnel.seenAt = Math.max(tunnel.seenAt, writtenAt);
    for (const [key, sighting] of peers) {
      const known = tunnel.peers.get(key);
      if (known === undefined || known.lastHandshake < sighting.lastHandshake)
        tunnel.peers.set(key, { ...sighting });
    }
  }

  /** What is known of these peers, and of no others. */
  recall(interfaceName: string, isPeer: (publicKey: string) => boolean, now: number): Recalled {
    this.retain(interfaceName, isPeer);
    const tunnel = this.#tunnels.get(interfaceName);
    if (tunnel === undefined) return { endpoints: new Map(), speakers: [] };
    return {
      endpoints: new Map([...tunnel.peers].map(([key, { endpoint }]) => [key, endpoint])),
      speakers: speakersOf({ peers: tunnel.peers, writtenAt: tunnel.seenAt }, now),
    };
  }

  /** Forgets all peers that are none any more. */
  retain(interfaceName: string, isPeer: (publicKey: string) => boolean): void {
    const tunnel = this.#tunnels.get(interfaceName);
    for (const key of tunnel?.peers.keys() ?? []) if (!isPeer(key)) this.drop(interfaceName, [key]);
  }

  drop(interfaceName: string, publicKeys: readonly string[]): void {
    const tunnel = this.#tunnels.get(interfaceName);
    for (const key of publicKeys) if (tunnel?.peers.delete(key)) tunnel.moved = true;
  }

  forget(interfaceName: string): void {
    this.#tunnels.delete(interfaceName);
  }

  /** Tunnels whose record is to be written now; at the end, all that have changed since. */
  due(monotonic: number, atEnd: boolean): string[] {
    return [...this.#tunnels].flatMap(([name, { peers, savedAt, moved, heard }]) => {
      const wait = MOVED_MS + MOVED_MS_PER_PEER * peers.size;
      const age = monotonic - savedAt;
      const isDue =
        (moved && (atEnd || age >= wait)) || (heard && (atEnd || age >= Math.max(HEARD_MS, wait)));
      return isDue ? [name] : [];
    });
  }

  /** What is to be written, which from now on counts as written. */
  take(interfaceName: string, monotonic: number): EndpointRecord | undefined {
    const tunnel = this.#tunnels.get(interfaceName);
    if (tunnel === undefined) return undefined;
    Object.assign(tunnel, { savedAt: monotonic, moved: false, heard: false });
    return { writtenAt: tunnel.seenAt, peers: tunnel.peers };
  }

  /** What was taken could not be written: it is due again, after a while. */
  putBack(interfaceName: string): void {
    const tunnel = this.#tunnels.get(interfaceName);
    if (tunnel !== undefined) tunnel.moved = true;
  }

  #ensure(interfaceName: string): Remembered {
    const known = this.#tunnels.get(interfaceName);
    if (known !== undefined) return known;
    const tunnel = {
      peers: new Map(),
      seenAt: 0,
      savedAt: Number.NEGATIVE_INFINITY,
      moved: false,
      heard: false,
    };
    this.#tunnels.set(interfaceName, tunnel);
    return tunnel;
  }
}
