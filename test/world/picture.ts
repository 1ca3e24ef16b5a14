import { decodeBlock, decodeTunnels } from '../../src/allocation/codec.ts';
import type { AddressEntry, TunnelEntry } from '../../src/allocation/index.ts';
import { formatAddress, networkOf, parseBlockName } from '../../src/allocation/index.ts';
import {
  type HandoverPeer,
  LABEL_GATEWAY,
  PEERS_KEY,
  TUNNEL_KEY,
  type TunnelHandover,
} from '../../src/api/index.ts';
import { storedFrom } from '../../src/controller/ledger-store.ts';
import { parseHandoverName } from '../../src/gateway/handover-parts.ts';
import type { ConfigMap, Secret } from '../../src/kube/index.ts';
import { parsePeers } from '../../src/wireguard/index.ts';
import type { Change } from './api/server.ts';
import { GATEWAYS, SYSTEM } from './crew.ts';

/** One router as the ledger has it, with what follows from its place. */
export interface Record {
  tunnel: number;
  block: number;
  /** undefined while the tunnel's own record is not there. */
  address: string | undefined;
  entry: AddressEntry;
}

/** What is handed over of one tunnel. */
export interface Handover {
  tunnel: TunnelHandover | undefined;
  node: string | undefined;
  peers: Map<number, HandoverPeer[]>;
}

/** What the store says, read: the ledger and what is handed over. Kept up to date change by change. */
export class Picture {
  tunnels: ReadonlyMap<number, TunnelEntry> = new Map();
  /** As they were before: somebody may have taken the record of a tunnel whose routers go on. */
  #last: ReadonlyMap<number, TunnelEntry> = new Map();
  /** Blocks by tunnel and number. */
  readonly blocks = new Map<string, { tunnel: number; block: number; entries: AddressEntry[] }>();
  readonly handovers = new Map<number, Handover>();
  /** Objects that cannot be read, as people left them. */
  readonly unreadable = new Set<string>();

  see(change: Change): void {
    const { plural, key, after } = change;
    const [namespace, name = ''] = key.split('/');
    if (plural === 'secrets' && namespace === SYSTEM) this.#seeLedger(name, after as Secret | undefined);
    if (plural === 'configmaps' && namespace === GATEWAYS)
      this.#seeHandover(name, after as ConfigMap | undefined);
  }

  /** All places of routers, those in quarantine too. */
  *records(): Generator<Record> {
    for (const { tunnel, block, entries } of this.blocks.values()) {
      for (const entry of entries)
        yield { tunnel, block, entry, address: this.addressOf(tunnel, block, entry) };
    }
  }

  addressOf(tunnel: number, block: number, { offset }: AddressEntry): string | undefined {
    const record = this.tunnels.get(tunnel) ?? this.#last.get(tunnel);
    return record && formatAddress(networkOf(record).base + block * 256 + offset);
  }

  *peers(): Generator<{ tunnel: number; block: number; peer: HandoverPeer }> {
    for (const [tunnel, { peers }] of this.handovers) {
      for (const [block, list] of peers) for (const peer of list) yield { tunnel, block, peer };
    }
  }

  #seeLedger(name: string, secret: Secret | undefined): void {
    const place = parseBlockName(name);
    this.unreadable.delete(name);
    try {
      const data = secret === undefined ? undefined : storedFrom(secret).data;
      if (name === 'ledger-tunnels') {
        this.#last = this.tunnels;
        this.tunnels = data === undefined ? new Map() : decodeTunnels(data).tunnels;
      } else if (place !== undefined && data !== undefined) {
        const { entries } = decodeBlock(place.tunnel, place.block, data);
        this.blocks.set(name, { ...place, entries: [...entries.values()] });
      } else this.blocks.delete(name);
    } catch {
      this.unreadable.add(name);
    }
  }

  #seeHandover(objectName: string, object: ConfigMap | undefined): void {
    const name = parseHandoverName(objectName);
    if (name === undefined) return;
    const { index, part, block } = name;
    const handover = this.handovers.get(index) ?? { tunnel: undefined, node: undefined, peers: new Map() };
    this.handovers.set(index, handover);
    this.unreadable.delete(objectName);
    try {
      if (part === 'tunnel') {
        const text = object?.data?.[TUNNEL_KEY];
        handover.tunnel = text === undefined ? undefined : (JSON.parse(text) as TunnelHandover);
        handover.node = object?.metadata.labels?.[LABEL_GATEWAY];
      } else if (object === undefined) handover.peers.delete(block);
      else handover.peers.set(block, parsePeers(object.data?.[PEERS_KEY] ?? ''));
    } catch {
      this.unreadable.add(objectName);
      if (part === 'peers') handover.peers.delete(block);
      else handover.tunnel = undefined;
    }
    if (handover.tunnel === undefined && handover.peers.size === 0) this.handovers.delete(index);
  }
}
