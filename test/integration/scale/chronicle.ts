import { decodeBlock } from '../../../src/allocation/codec.ts';
import { isLive, parseBlockName } from '../../../src/allocation/index.ts';
import {
  type HandoverPeer,
  LABEL_PART,
  PEERS_KEY,
  ROUTERS,
  TUNNEL_KEY,
  type TunnelHandover,
} from '../../../src/api/index.ts';
import {
  configMaps,
  type KubeClient,
  type KubeObject,
  type ResourceType,
  secrets,
} from '../../../src/kube/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../../testbed/system.ts';

/** Writes down what becomes of every Router in ledger and status, version by version, for whoever has to find out why. */
export class Chronicle {
  readonly #lines = new Map<string, string[]>();
  readonly #last = new Map<string, string>();
  readonly #stop = new AbortController();
  /** Peers by object, then by the uid of their Routers and their key: only who has the key loses a tunnel with the peer. */
  readonly #peers = new Map<string, Map<string, string>>();
  readonly #cutOff = new Set<string>();
  /** Blocks that a tunnel names to its gateway, and those that it named once, with who was in them then. */
  readonly #blocks = new Map<string, { known: number[]; lost: Map<number, string[]> }>();
  /** Peers, and whole blocks, that were taken away and came back, each a moment without a tunnel. */
  readonly flaps: string[] = [];

  constructor(client: KubeClient) {
    void this.#follow(client, ROUTERS, undefined, ({ metadata, status }, isGone) => {
      const key = `${metadata.namespace}/${metadata.name}`;
      const { address, publicKey } = status ?? {};
      const what = isGone ? 'is gone' : `tells ${address} ${publicKey?.slice(0, 6)}`;
      this.#note(key, `status of ${metadata.uid.slice(0, 4)}`, metadata.resourceVersion, what);
    });
    void this.#follow(client, secrets, SYSTEM_NAMESPACE, ({ metadata, data = {} }) => {
      const id = parseBlockName(metadata.name);
      if (id === undefined) return;
      const texts = Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      );
      for (const entry of decodeBlock(id.tunnel, id.block, texts).entries.values()) {
        const where = `ledger ${id.tunnel}/${id.block}.${entry.offset}`;
        const what = `${isLive(entry) ? 'live' : `released ${entry.releasedAt}`} ${entry.publicKey.slice(0, 6)}`;
        this.#note(entry.owner, where, metadata.resourceVersion, what);
      }
    });
    void this.#follow(client, configMaps, GATEWAY_NAMESPACE, ({ metadata, data = {} }, isGone) => {
      if (metadata.labels?.[LABEL_PART] === 'tunnel') this.#takeBlocks(metadata.name, data[TUNNEL_KEY]);
      if (metadata.labels?.[LABEL_PART] !== 'peers') return;
      this.#takePeers(
        metadata.name,
        metadata.resourceVersion,
        isGone ? [] : parsePeers(data[PEERS_KEY] ?? ''),
      );
    });
  }

  #takeBlocks(name: string, text = '{"blocks":[]}'): void {
    const now = new Set<number>((JSON.parse(text) as TunnelHandover).blocks);
    const peersOf = (block: number) => [...(this.#peers.get(`${name}-peers-${block}`)?.keys() ?? [])];
    const { known, lost } = this.#blocks.get(name) ?? { known: [], lost: new Map<number, string[]>() };
    for (const block of known) if (!now.has(block)) lost.set(block, peersOf(block));
    for (const block of now) {
      const before = new Set(lost.get(block));
      lost.delete(block);
      if (peersOf(block).some((peer) => before.has(peer))) this.flaps.push(`block ${block} of ${name}`);
    }
    this.#blocks.set(name, { known: [...now], lost });
  }

  #takePeers(name: string, version: string | undefined, peers: readonly HandoverPeer[]): void {
    const before = this.#peers.get(name) ?? new Map<string, string>();
    const now = new Map(
      peers.map(({ uid, publicKey, namespace, name }) => [`${uid} ${publicKey}`, `${namespace}/${name}`]),
    );
    this.#peers.set(name, now);
    for (const [peer, key] of before) {
      if (now.has(peer)) continue;
      this.#cutOff.add(peer);
      this.#note(key, `peer in ${name}`, version, 'is gone');
    }
    for (const [peer, key] of now) {
      if (before.has(peer)) continue;
      this.#note(key, `peer in ${name}`, version, 'is there');
      if (this.#cutOff.delete(peer)) this.flaps.push(key);
    }
  }

  /** Of a Router, in the order of the versions. */
  of(key: string): string[] {
    return (this.#lines.get(key) ?? []).toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow<T extends KubeObject>(
    client: KubeClient,
    type: ResourceType<T>,
    namespace: string | undefined,
    take: (object: T, isGone: boolean) => void,
  ): Promise<void> {
    const { resourceVersion } = await client.list(type, { namespace });
    const options = {
      resourceVersion,
      timeoutSeconds: 3600,
      inactivityMs: 3_600_000,
      signal: this.#stop.signal,
    };
    try {
      for await (const event of client.watch(type, { ...options, ...(namespace && { namespace }) })) {
        if (event.type !== 'BOOKMARK') take(event.object, event.type === 'DELETED');
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#note('the chronicle', type.plural, '', String(error));
    }
  }

  #note(key: string, where: string, version: string | undefined, what: string): void {
    if (this.#last.get(`${key} ${where}`) === what) return;
    this.#last.set(`${key} ${where}`, what);
    const lines = this.#lines.get(key) ?? [];
    lines.push(`${version} ${new Date().toISOString().slice(17)} ${where}: ${what}`);
    this.#lines.set(key, lines);
  }
}
