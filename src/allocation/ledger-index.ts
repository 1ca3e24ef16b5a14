import type { AddressEntry, Block } from './block.ts';
import { isLive } from './tunnel-entry.ts';

export interface Location {
  readonly tunnel: number;
  readonly block: number;
  readonly entry: AddressEntry;
}

/**
 * Who has what, over all blocks that are known: kept up to date block by block, equal at any time to what a rebuild
 * from all blocks would give. An owner that stands in several places (a quarantined address and a live one) is found
 * at the live one.
 */
export class LedgerIndex {
  readonly #blocks = new Map<string, Block>();
  readonly #byOwner = new Map<string, Location[]>();
  readonly #byKey = new Map<string, Location[]>();

  put(block: Block): void {
    const id = `${block.tunnel}/${block.number}`;
    const before = this.#blocks.get(id);
    this.#blocks.set(id, block);
    for (const entry of before?.entries.values() ?? []) {
      if (block.entries.get(entry.offset) !== entry) this.#forget(before as Block, entry);
    }
    for (const entry of block.entries.values()) {
      if (before?.entries.get(entry.offset) !== entry) this.#learn(block, entry);
    }
  }

  drop(tunnel: number, number: number): void {
    const id = `${tunnel}/${number}`;
    const block = this.#blocks.get(id);
    this.#blocks.delete(id);
    for (const entry of block?.entries.values() ?? []) this.#forget(block as Block, entry);
  }

  /** All places of an owner, live ones first. */
  of(owner: string): readonly Location[] {
    return this.#byOwner.get(owner) ?? [];
  }

  /** The live place of an owner in a tunnel. */
  live(owner: string, tunnel: number): Location | undefined {
    return this.of(owner).find((place) => place.tunnel === tunnel && isLive(place.entry));
  }

  /** The live holders of a public key in a tunnel, each once: at most one, but for what two leaders do at once. */
  holdersOfKey(tunnel: number, publicKey: string): string[] {
    const places = this.#byKey.get(publicKey) ?? [];
    const live = places.filter((place) => place.tunnel === tunnel && isLive(place.entry));
    return [...new Set(live.map(({ entry }) => entry.owner))];
  }

  owners(): IterableIterator<string> {
    return this.#byOwner.keys();
  }

  #learn(block: Block, entry: AddressEntry): void {
    const place: Location = { tunnel: block.tunnel, block: block.number, entry };
    for (const [map, key] of this.#keys(entry)) {
      const places = [...(map.get(key) ?? []), place];
      places.sort((a, b) => Number(isLive(b.entry)) - Number(isLive(a.entry)) || order(a) - order(b));
      map.set(key, places);
    }
  }

  #forget(block: Block, entry: AddressEntry): void {
    for (const [map, key] of this.#keys(entry)) {
      const rest = (map.get(key) ?? []).filter(
        (place) => place.tunnel !== block.tunnel || place.block !== block.number || place.entry !== entry,
      );
      if (rest.length === 0) map.delete(key);
      else map.set(key, rest);
    }
  }

  #keys(entry: AddressEntry): [Map<string, Location[]>, string][] {
    return [
      [this.#byOwner, entry.owner],
      [this.#byKey, entry.publicKey],
    ];
  }
}

const order = ({ tunnel, block, entry }: Location): number => tunnel * 2 ** 24 + block * 256 + entry.offset;
