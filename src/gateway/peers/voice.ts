import { aborted, type Clock, type Logger } from '../../kube/index.ts';
import type { Fleet } from '../fleet.ts';
import type { GatewayAnswer } from './answer.ts';
import type { Peers } from './peers.ts';
import type { Sightings } from './sightings.ts';
import { type Asked, listenForPeers, type Speaking } from './speak.ts';

export interface VoiceOptions {
  /** Where other gateways' agents reach this one; undefined: nowhere. */
  peerAddress: { host: string; port: number } | undefined;
  nodeName: string;
  fleet: Fleet;
  peers: Peers;
  sightings: Sightings;
  /** How long ago the Lease was last renewed, ms; null: never. */
  contactAgeMs: () => number | null;
  clock: Clock;
  logger: Logger;
}

/** What this gateway's agent tells others that ask. */
export class Voice {
  readonly #options: VoiceOptions;
  #speaking: Speaking | undefined;

  constructor(options: VoiceOptions) {
    this.#options = options;
  }

  /** `address:port` where it is asked; undefined where it cannot be. */
  get address(): string | undefined {
    return this.#speaking?.address;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { peerAddress, peers, logger } = this.#options;
    if (peerAddress === undefined) return;
    // Whoever asks before it is known is not answered.
    await peers.learnKey(signal);
    try {
      this.#speaking = await listenForPeers({
        ...peerAddress,
        key: () => peers.key,
        answer: (asked) => this.#answer(asked),
      });
    } catch (err) {
      logger.warn({ err }, 'Other gateways cannot ask this one; its tunnels are not moved when it is lost.');
      return;
    }
    await aborted(signal);
    await this.#speaking.close();
  }

  #answer({ epoch, since }: Asked): GatewayAnswer {
    const { nodeName, fleet, sightings, contactAgeMs, clock } = this.#options;
    const carried = [...fleet.tunnels()].filter(({ given }) => given !== undefined);
    sightings.retain((name) => fleet.get(name) !== undefined);
    return {
      ...sightings.since(epoch, since),
      formatVersion: 1,
      node: nodeName,
      at: Math.floor(clock.wall() / 1000),
      contactAgeMs: contactAgeMs(),
      carried: Object.fromEntries(carried.map(({ interfaceName, placed }) => [interfaceName, placed])),
    };
  }
}
