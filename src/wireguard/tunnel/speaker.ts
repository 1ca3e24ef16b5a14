import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerSettings } from '../device/device.ts';
import type { Recalled } from '../endpoints/memory.ts';
import { SidecarError } from '../errors.ts';
import type { Listener } from '../initiations/listener.ts';
import type { Logger } from '../logger.ts';
import { sendEmpty } from '../namespace/socket.ts';
import type { Applied } from '../protocol.ts';
import { withNamespace } from './gather.ts';
import { Greeter } from './greeter.ts';
import type { KnownTunnels } from './known.ts';
import type { TunnelNames } from './names.ts';
import type { OperationQueue } from './queue.ts';

export interface SpeakerOptions {
  known: KnownTunnels;
  queue: OperationQueue;
  listener: Listener;
  logger: Logger;
}

/** How often peers of a tunnel that has come here are spoken to again, of how many at most, and at which pace, ms. */
const ATTEMPTS = 6;
const ATTEMPT_MS = 1500;
const MOST_INSISTED = 1000;

/** Lets the server speak first, where its peers would be long in coming. */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #greeter = new Greeter();

  constructor(options: SpeakerOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#greeter.stop();
  }

  /** Speaks to the peers of an interface that was made anew: their own keepalives may be long in coming. */
  async greet(names: TunnelNames, speakers: readonly string[]): Promise<void> {
    const { known, queue, logger } = this.#options;
    const { interfaceName } = names;
    logger.info({ interfaceName, peers: speakers.length }, 'Speaking first to the peers of a new interface.');
    try {
      await this.#greeter.greet(speakers, (some) =>
        queue.run(interfaceName, async () => {
          const present = some.filter((key) => known.isPeer(interfaceName, key));
          if (present.length > 0) await known.deviceOf(names).greet(present);
        }),
      );
    } catch (err) {
      const abandoned = err instanceof SidecarError && err.code === 'Stopping';
      if (!abandoned && !queue.isClosed)
        logger.warn({ interfaceName, err }, 'Not all peers of a new interface were spoken to.');
    }
  }

  /** Speaks again to peers of a tunnel that has come here, while they do not answer. */
  async insist(names: TunnelNames, { speakers, endpoints }: Recalled): Promise<void> {
    const { known, queue, logger } = this.#options;
    const { interfaceName } = names;
    const waiting = new Set(speakers.slice(0, MOST_INSISTED));
    for (let attempt = 0; attempt < ATTEMPTS && waiting.size > 0; attempt++) {
      await sleep(ATTEMPT_MS, undefined, { ref: false });
      if (queue.isClosed) return;
      try {
        await queue.run(interfaceName, async () => {
          const peers = known.get(interfaceName)?.peers.peers;
          for await (const { publicKey, lastHandshake } of known.deviceOf(names).observe())
            if (lastHandshake > 0) waiting.delete(publicKey);
          const keys = [...waiting].filter((key) => peers?.has(key));
          if (peers === undefined || keys.length === 0) return waiting.clear();
          // WireGuard begins a handshake with a peer once in five seconds; with one that is new, at once.
          const set = new Map(keys.flatMap((key) => [[key, peers.get(key) as PeerSettings] as const]));
          await known.deviceOf(names).apply({ remove: keys, set, endpoints });
          await known.deviceOf(names).greet(keys);
        });
      } catch (err) {
        logger.debug({ interfaceName, err }, 'Peers of a tunnel that came here were not spoken to again.');
        return;
      }
    }
  }

  /**
   * Speaks first to a peer that is refused, where it was last heard: it takes the handshake that it is offered, if it is
   * who it says, and nothing that WireGuard remembers of it is forgotten. While an old session of its has not run out,
   * WireGuard begins another only 15 s after something that was sent has brought no answer (paper §6.5), so something
   * is sent. Nothing is done for others.
   */
  call(interfaceName: string, publicKey: string): Promise<Applied> {
    const { known, queue, listener, logger } = this.#options;
    const names = known.namesOf(interfaceName);
    return queue.run(interfaceName, async () => {
      const endpoint = listener.endpointOf(interfaceName, publicKey);
      if (endpoint === undefined || !known.isPeer(interfaceName, publicKey)) return { changes: [] };
      await known.deviceOf(names).call(publicKey, endpoint);
      listener.called(interfaceName, publicKey);
      const address = this.#addressOf(interfaceName, publicKey);
      if (address !== undefined) {
        await withNamespace(names, async (namespace) => sendEmpty(namespace, address));
      }
      const changes = [`speak first to peer ${publicKey} at ${endpoint}`];
      logger.info({ interfaceName, changes }, 'A peer is refused; speaking to it first.');
      return { changes };
    });
  }

  /** Speaks no longer to those that were called and have been silent since. */
  async hushSilent(): Promise<void> {
    const { known, queue, listener, logger } = this.#options;
    for (const { interfaceName, publicKey } of listener.takeSilent()) {
      const names = known.namesOf(interfaceName);
      try {
        await queue.run(interfaceName, async () => {
          if (known.isPeer(interfaceName, publicKey)) await known.deviceOf(names).hush(publicKey);
        });
      } catch (err) {
        logger.debug({ interfaceName, err }, 'A silent peer is still spoken to.');
      }
    }
  }

  /** One that leads to this peer and to nobody else. */
  #addressOf(interfaceName: string, publicKey: string): string | undefined {
    const networks = this.#options.known.get(interfaceName)?.peers.peers.get(publicKey)?.allowedIPs ?? [];
    return networks.find((network) => network.endsWith('/32'))?.slice(0, -'/32'.length);
  }
}
