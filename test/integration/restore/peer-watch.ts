/** Looks at what the gateways get, as often as it can, for a moment in which a peer that was there is missing. */
import { PEERS_KEY } from '../../../src/api/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { type ControllerHarness, GATEWAYS } from '../controller/harness.ts';

export class PeerWatch {
  readonly #harness: ControllerHarness;
  readonly #peers: ReadonlySet<string>;
  readonly #missing = new Set<string>();
  #running = true;
  #looking: Promise<void> = Promise.resolve();

  static async start(harness: ControllerHarness): Promise<PeerWatch> {
    const watch = new PeerWatch(harness, await peersIn(harness));
    watch.#looking = watch.#look();
    return watch;
  }

  private constructor(harness: ControllerHarness, peers: ReadonlySet<string>) {
    this.#harness = harness;
    this.#peers = peers;
  }

  /** Which peers were missing at any time. */
  async stop(): Promise<string[]> {
    this.#running = false;
    await this.#looking;
    return [...this.#missing].sort();
  }

  async #look(): Promise<void> {
    while (this.#running) {
      const now = await peersIn(this.#harness);
      for (const peer of this.#peers) if (!now.has(peer)) this.#missing.add(peer);
    }
  }
}

/** `address key`, of all tunnels. */
async function peersIn({ plane }: ControllerHarness): Promise<Set<string>> {
  const { items } = (await plane.request('GET', `/api/v1/namespaces/${GATEWAYS}/configmaps`)).json();
  const texts: string[] = items.map(({ data }: { data?: Record<string, string> }) => data?.[PEERS_KEY] ?? '');
  return new Set(texts.flatMap(parsePeers).map(({ address, publicKey }) => `${address} ${publicKey}`));
}
