import { type Block, emptyBlock, withEntry } from './block.ts';
import { decodeBlock, encodeBlock } from './codec.ts';
import { LedgerDocument } from './document.ts';
import { LedgerIndex } from './ledger-index.ts';
import type { LedgerOptions } from './store.ts';
import { isLive } from './tunnel-entry.ts';

export const blockObjectName = (tunnel: number, block: number): string =>
  `ledger-tunnel-${tunnel}-block-${block}`;

/** Takes the name of a block's object apart; undefined for any other. */
export function parseBlockName(name: string): { tunnel: number; block: number } | undefined {
  const match = /^ledger-tunnel-(\d{1,5})-block-(\d{1,5})$/.exec(name);
  return match === null ? undefined : { tunnel: Number(match[1]), block: Number(match[2]) };
}

/** The ledger's objects of addresses, one for each block that was ever used, and who stands where in them. */
export class AddressBlocks {
  readonly index = new LedgerIndex();
  readonly #options: LedgerOptions;
  readonly #stored = new Map<number, Map<number, LedgerDocument<Block>>>();

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  of(tunnel: number): ReadonlyMap<number, LedgerDocument<Block>> {
    return this.#stored.get(tunnel) ?? new Map();
  }

  /** Whether any are in the store, of one tunnel or of all. */
  areStored(tunnel?: number): boolean {
    const tunnels = tunnel === undefined ? this.#stored.values() : [this.of(tunnel)];
    for (const blocks of tunnels)
      for (const { version } of blocks.values()) if (version !== undefined) return true;
    return false;
  }

  /** Whether a block is older than something that was made of it at a revision; one that is lost is. */
  isOlderThan(tunnel: number, block: number, revision: number | undefined): boolean {
    return this.of(tunnel).get(block)?.isOlderThan(revision) ?? true;
  }

  /** Tunnels that have, or had, blocks. */
  tunnels(): number[] {
    return [...this.#stored.keys()];
  }

  /** Whether a tunnel has live routers, as far as its blocks can be read. */
  mayHaveLive(tunnel: number): boolean {
    return [...this.of(tunnel).values()].some(
      ({ document, unreadable }) => unreadable !== undefined || hasLive(document),
    );
  }

  /** Blocks of a tunnel that have live routers, ascending. */
  live(tunnel: number): number[] {
    return [...this.of(tunnel)]
      .filter(([, { document }]) => hasLive(document))
      .map(([number]) => number)
      .sort((a, b) => a - b);
  }

  get(tunnel: number, block: number): LedgerDocument<Block> {
    const blocks = this.#stored.get(tunnel) ?? new Map<number, LedgerDocument<Block>>();
    this.#stored.set(tunnel, blocks);
    const known = blocks.get(block);
    if (known !== undefined) return known;
    const document = new LedgerDocument<Block>({
      ...this.#options,
      name: blockObjectName(tunnel, block),
      empty: emptyBlock(tunnel, block),
      encode: encodeBlock,
      decode: (data) => decodeBlock(tunnel, block, data),
      mend: withLiveRouters,
      // Of a tunnel that another process has forgotten, what it kept of routers that are gone must not come back.
      afterDeletion: (known) => (hasLive(known) ? known : emptyBlock(tunnel, block)),
      onStored: (stored) => this.index.put(stored),
    });
    blocks.set(block, document);
    return document;
  }

  /** Removes all objects of a tunnel that has no live router in any. */
  async remove(tunnel: number): Promise<void> {
    for (const [block, document] of this.of(tunnel)) {
      await document.remove();
      this.#stored.get(tunnel)?.delete(block);
      this.index.drop(tunnel, block);
    }
    this.#stored.delete(tunnel);
  }
}

function hasLive(block: Block): boolean {
  for (const entry of block.entries.values()) if (isLive(entry)) return true;
  return false;
}

function withLiveRouters(known: Block, incoming: Block): { document: Block; amiss: boolean } {
  const lost = [...known.entries.values()].filter((e) => isLive(e) && !incoming.entries.has(e.offset));
  return { document: lost.reduce(withEntry, incoming), amiss: lost.length > 0 };
}
