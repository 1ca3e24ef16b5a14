import { readdir } from 'node:fs/promises';
import type { Endpoints } from '../endpoints/endpoints.ts';
import { SidecarError } from '../errors.ts';
import type { Listener } from '../initiations/listener.ts';
import type { Logger } from '../logger.ts';
import type { PeerObservation, TunnelList } from '../protocol.ts';
import { gatherNamespace } from './gather.ts';
import { type KnownTunnels, unknownTunnel } from './known.ts';
import { NETNS_FOLDER } from './names.ts';
import type { OperationQueue } from './queue.ts';

export interface TunnelWatchOptions {
  known: KnownTunnels;
  queue: OperationQueue;
  endpoints: Endpoints;
  listener: Listener;
  prefix: string;
  logger: Logger;
}

/** Reads which tunnels there are, and the handshakes of their peers; what goes by is noted. */
export class TunnelWatch {
  readonly #options: TunnelWatchOptions;
  /** When each was last read whole, ms, monotonic. */
  readonly #lookedAt = new Map<string, number>();
  /** So far; what was being read meanwhile may be of a tunnel that is no more. */
  #removals = 0;

  constructor(options: TunnelWatchOptions) {
    this.#options = options;
  }

  removed(interfaceName: string): void {
    this.#lookedAt.delete(interfaceName);
    this.#removals += 1;
  }

  async list(): Promise<TunnelList> {
    const { prefix } = this.#options;
    const entries = await readdir(NETNS_FOLDER).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return [];
      throw cause;
    });
    const interfaceNames = entries
      .filter((entry) => entry.startsWith(prefix))
      .map((entry) => entry.slice(prefix.length))
      .filter((name) => /^wg(0|[1-9]\d{0,4})$/.test(name));
    const tunnels = await Promise.all(interfaceNames.map((name) => this.#summarise(name)));
    return {
      tunnels: tunnels.sort((a, b) => Number(a.interfaceName.slice(2)) - Number(b.interfaceName.slice(2))),
    };
  }

  /** A tunnel whose device cannot be read is listed all the same: it is there, and somebody has to mend or remove it. */
  async #summarise(interfaceName: string): Promise<TunnelList['tunnels'][number]> {
    const { known, queue } = this.#options;
    const { put, peers } = known.get(interfaceName) ?? {};
    // To ask WireGuard would be to read all peers.
    if (put !== undefined && peers !== undefined) {
      return { interfaceName, listenPort: put.listenPort, peers: peers.peers.size };
    }
    try {
      const device = await queue.run(interfaceName, () =>
        known.deviceOf(known.namesOf(interfaceName)).read(),
      );
      return { interfaceName, listenPort: device.listenPort || null, peers: device.peers.size };
    } catch (cause) {
      if (!(cause instanceof SidecarError)) throw cause;
      return { interfaceName, listenPort: null, peers: 0 };
    }
  }

  /** Peers whose last handshake is at `since` (Unix seconds) or later; all of them for 0. Throws `UnknownTunnel`. */
  async *observe(interfaceName: string, since: number): AsyncGenerator<PeerObservation> {
    const { known, queue, endpoints, listener } = this.#options;
    const names = known.namesOf(interfaceName);
    const removals = this.#removals;
    if ((await gatherNamespace(names)) !== 'present') throw unknownTunnel(names);
    try {
      for await (const peer of known.deviceOf(names).observe()) {
        if (removals === this.#removals) endpoints.note(interfaceName, peer);
        listener.note(interfaceName, peer);
        if (peer.lastHandshake >= since) yield peer;
      }
    } catch (cause) {
      // Whose interface or process has gone is to be put again, which nobody would do for a device that merely failed.
      if (cause instanceof SidecarError) await queue.run(interfaceName, () => known.learn(names));
      throw cause;
    }
    this.#lookedAt.set(interfaceName, performance.now());
  }

  /** Looks after tunnels that nobody has asked about for so long, for their peers' endpoints. */
  async look(olderThanMs: number): Promise<void> {
    const { known, logger } = this.#options;
    for (const interfaceName of known.names()) {
      const age = performance.now() - (this.#lookedAt.get(interfaceName) ?? Number.NEGATIVE_INFINITY);
      if (age < olderThanMs) continue;
      try {
        for await (const _ of this.observe(interfaceName, 0)) {
          // It has been noted as it went by.
        }
      } catch (err) {
        logger.debug({ interfaceName, err }, 'A tunnel could not be looked at.');
      }
    }
  }
}
