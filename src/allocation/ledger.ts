import { type AddressEntry, type Block, emptyBlock, released, withEntry } from './block.ts';
import { type AddressRequest, decideAddress, pinChanged } from './claim-address.ts';
import { type DecodedTunnels, decodeBlock, decodeTunnels, encodeBlock, encodeTunnels } from './codec.ts';
import { LedgerDocument } from './document.ts';
import { AllocationError } from './errors.ts';
import { BLOCK_ADDRESSES, offsetsOfBlock, routerBlocks } from './geometry.ts';
import { formatAddress, parseAddress, parseNetwork } from './ipv4.ts';
import { LedgerIndex, type Location } from './ledger-index.ts';
import type { LedgerStore, StoredObject } from './store.ts';
import {
  claimTunnel,
  forgetTunnel,
  isLive,
  releaseTunnel,
  type TunnelEntry,
  type TunnelRequest,
  tunnelOfTenant,
} from './tunnels.ts';

export const TUNNELS_OBJECT = 'ledger-tunnels';
export const blockObjectName = (tunnel: number, block: number): string =>
  `ledger-tunnel-${tunnel}-block-${block}`;

export interface LedgerOptions {
  store: LedgerStore;
  now: () => Date;
  sleep: (ms: number) => Promise<void>;
  random: () => number;
}

/** A router's address with the ledger's record of it. */
export interface AddressClaim {
  readonly tunnel: number;
  readonly block: number;
  /** e.g. `10.100.1.1`. */
  readonly address: string;
  readonly entry: AddressEntry;
}

const NO_TUNNELS: DecodedTunnels = { tunnels: new Map(), unreadable: new Map() };

/**
 * The durable memory of who was given what: index, port, subnet and key of each tunnel, address and secrets of each
 * router. Written before any status, read back whole at start; statuses are projections of it.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #index = new LedgerIndex();
  readonly #tunnels: LedgerDocument<DecodedTunnels>;
  readonly #blocks = new Map<number, Map<number, LedgerDocument<Block>>>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#tunnels = new LedgerDocument({
      ...options,
      name: TUNNELS_OBJECT,
      empty: NO_TUNNELS,
      encode: encodeTunnels,
      decode: decodeTunnels,
      mend: (known, incoming) => {
        const lost = [...known.tunnels.values()].filter(
          (entry) =>
            isLive(entry) && !incoming.tunnels.has(entry.index) && !incoming.unreadable.has(entry.index),
        );
        if (lost.length === 0) return incoming;
        return {
          ...incoming,
          tunnels: new Map([...incoming.tunnels, ...lost.map((e) => [e.index, e] as const)]),
        };
      },
      onStored: () => {},
    });
  }

  /** Takes in a stored ledger object: all of them at start, later each that a watch brings. Whether it was news. */
  observe(object: StoredObject): boolean {
    const id = parseBlockName(object.name);
    if (object.name === TUNNELS_OBJECT) return this.#tunnels.observe(object);
    return id !== undefined && this.#block(id.tunnel, id.block).observe(object);
  }

  /** A ledger object is gone from the store; {@link mend} writes it again from memory. Whether it was news. */
  observeDeleted(name: string, version?: string): boolean {
    return this.#document(name)?.observeDeleted(version) ?? false;
  }

  /** Whether a stored object lacks live records that are known here: someone deleted or cut it by hand. */
  isAmiss(name: string): boolean {
    return this.#document(name)?.amiss ?? false;
  }

  /** Writes an object that {@link isAmiss} again, from memory. */
  async mend(name: string): Promise<void> {
    const id = parseBlockName(name);
    if (name === TUNNELS_OBJECT) await this.#changeTunnels((tunnels) => tunnels);
    else if (id !== undefined) {
      await this.#block(id.tunnel, id.block).change((document) => ({ document, result: undefined }));
    }
  }

  get tunnels(): ReadonlyMap<number, TunnelEntry> {
    return this.#tunnels.document.tunnels;
  }

  tunnelOfTenant(tenant: string): TunnelEntry | undefined {
    return tunnelOfTenant(this.tunnels, tenant);
  }

  tunnelsOwnedBy(owner: string): TunnelEntry[] {
    return [...this.tunnels.values()].filter((entry) => entry.owner === owner);
  }

  /** Why a tenant's tunnel must be left as it is: its record or one of its blocks cannot be read. */
  unreadable(tenant: string): string | undefined {
    if (this.#tunnels.unreadable !== undefined)
      return unreadableMessage(TUNNELS_OBJECT, this.#tunnels.unreadable);
    for (const [index, record] of this.#tunnels.document.unreadable) {
      if (record.tenant === tenant) {
        return unreadableMessage(`${TUNNELS_OBJECT}, key ${index}.${tenant}`, record.reason);
      }
    }
    const tunnel = this.tunnelOfTenant(tenant);
    if (tunnel === undefined) return undefined;
    for (const [block, document] of this.#blocks.get(tunnel.index) ?? []) {
      if (document.unreadable !== undefined) {
        return unreadableMessage(blockObjectName(tunnel.index, block), document.unreadable);
      }
    }
    return undefined;
  }

  /** Blocks of a tunnel that have live routers, ascending. */
  liveBlocks(tunnel: number): number[] {
    return [...(this.#blocks.get(tunnel) ?? [])]
      .filter(([, { document }]) => [...document.entries.values()].some(isLive))
      .map(([number]) => number)
      .sort((a, b) => a - b);
  }

  /** Live claims of a block, in the order of their addresses. */
  claimsIn(tunnel: number, block: number): AddressClaim[] {
    const document = this.#blocks.get(tunnel)?.get(block)?.document;
    return [...(document?.entries.values() ?? [])]
      .filter(isLive)
      .sort((a, b) => a.offset - b.offset)
      .map((entry) => this.#claimAt({ tunnel, block, entry }));
  }

  /** All live claims of a Router; more than one only until those of another tunnel are released. */
  claimsOf(owner: string): AddressClaim[] {
    return this.#index
      .of(owner)
      .filter(({ entry }) => isLive(entry))
      .map((place) => this.#claimAt(place));
  }

  /** Routers that have something live in the ledger. */
  liveOwners(): string[] {
    return [...this.#index.owners()].filter((owner) =>
      this.#index.of(owner).some(({ entry }) => isLive(entry)),
    );
  }

  holderOfKey(tunnel: number, publicKey: string): string | undefined {
    return this.#index.holderOfKey(tunnel, publicKey);
  }

  claimTunnel(request: Omit<TunnelRequest, 'isIndexBlocked'>): Promise<TunnelEntry> {
    return this.#tunnels.change((document) => {
      const { tunnels, unreadable } = document;
      for (const [index, record] of unreadable) {
        if (record.tenant === request.tenant) {
          const where = `${TUNNELS_OBJECT}, key ${index}.${request.tenant}`;
          throw new AllocationError('LedgerUnreadable', unreadableMessage(where, record.reason));
        }
      }
      const isIndexBlocked = (index: number) =>
        unreadable.has(index) || (this.#blocks.get(index)?.size ?? 0) > 0;
      const claimed = claimTunnel(tunnels, { ...request, isIndexBlocked });
      const changed = claimed.tunnels === tunnels ? document : { ...document, tunnels: claimed.tunnels };
      return { document: changed, result: claimed.entry };
    });
  }

  async releaseTunnel(index: number): Promise<void> {
    await this.#changeTunnels((tunnels) => releaseTunnel(tunnels, index, this.#options.now()));
  }

  /** Ends the quarantine of a tunnel without routers: its blocks go first, so that no other tenant can inherit them. */
  async forgetTunnel(index: number): Promise<void> {
    const entry = this.tunnels.get(index);
    if (entry === undefined || isLive(entry) || this.liveBlocks(index).length > 0) return;
    for (const [block, document] of this.#blocks.get(index) ?? []) {
      if (document.version !== undefined) {
        await this.#options.store.remove(blockObjectName(index, block), document.version);
      }
      this.#index.drop(index, block);
    }
    this.#blocks.delete(index);
    await this.#changeTunnels((tunnels) => forgetTunnel(tunnels, index));
  }

  /** Gives a Router its address and secrets in a tunnel: those it has, else new ones. */
  async claimAddress(request: AddressRequest): Promise<AddressClaim> {
    const subnet = parseNetwork(this.#tunnelEntry(request.tunnel).subnet);
    const key = request.publicKey;
    const holder = key === undefined ? undefined : this.holderOfKey(request.tunnel, key);
    if (holder !== undefined && holder !== request.owner) {
      throw new AllocationError(
        'KeyTaken',
        `Public key ${key} belongs to Router ${holder}; give each router a key of its own.`,
      );
    }
    const places = this.#index.of(request.owner).filter(({ tunnel }) => tunnel === request.tunnel);
    const now = this.#options.now();
    for (const attempt of this.#attempts(request, places, subnet)) {
      const document = this.#block(request.tunnel, attempt.block);
      const entry = await document.change((block) => decideAddress(block, request, attempt, subnet, now));
      if (entry !== undefined) return this.#claimAt({ tunnel: request.tunnel, block: attempt.block, entry });
    }
    throw new AllocationError(
      'AddressPoolExhausted',
      `Subnet ${this.#tunnelEntry(request.tunnel).subnet} has no free address left; delete Routers that are gone, or give the tenant a tunnel of a class with a shorter prefix.`,
    );
  }

  async releaseAddress(owner: string, { tunnel, block }: AddressClaim): Promise<void> {
    const now = this.#options.now();
    await this.#block(tunnel, block).change((document) => {
      const live = [...document.entries.values()].filter((entry) => entry.owner === owner && isLive(entry));
      const changed = live.reduce((result, entry) => withEntry(result, released(entry, now)), document);
      return { document: changed, result: undefined };
    });
  }

  *#attempts(request: AddressRequest, places: readonly Location[], subnet: { base: number; length: number }) {
    if (request.pin !== undefined) {
      const offset = (parseAddress(request.pin) ?? 0) - subnet.base;
      const pinned = { block: Math.floor(offset / BLOCK_ADDRESSES), offset: offset % BLOCK_ADDRESSES };
      const held = places.find(({ entry }) => isLive(entry));
      if (held !== undefined && (held.block !== pinned.block || held.entry.offset !== pinned.offset)) {
        throw pinChanged(request);
      }
      yield pinned;
      return;
    }
    for (const { block, entry } of places) yield { block, offset: entry.offset };
    const { first, last } = routerBlocks(subnet);
    for (const kind of ['plain', 'spare'] as const) {
      for (let block = first; block <= last; block++) {
        if (offsetsOfBlock(subnet, block, kind).length > 0) yield { block, kind };
      }
    }
  }

  async #changeTunnels(
    change: (tunnels: ReadonlyMap<number, TunnelEntry>) => ReadonlyMap<number, TunnelEntry>,
  ) {
    await this.#tunnels.change((document) => {
      const tunnels = change(document.tunnels);
      return {
        document: tunnels === document.tunnels ? document : { ...document, tunnels },
        result: undefined,
      };
    });
  }

  #tunnelEntry(index: number): TunnelEntry {
    const entry = this.tunnels.get(index);
    if (entry === undefined)
      throw new AllocationError('LedgerUnavailable', `The ledger has no tunnel ${index}.`);
    return entry;
  }

  #document(name: string): { observeDeleted: (version?: string) => boolean; amiss: boolean } | undefined {
    const id = parseBlockName(name);
    if (name === TUNNELS_OBJECT) return this.#tunnels;
    return id === undefined ? undefined : this.#blocks.get(id.tunnel)?.get(id.block);
  }

  #block(tunnel: number, block: number): LedgerDocument<Block> {
    const blocks = this.#blocks.get(tunnel) ?? new Map<number, LedgerDocument<Block>>();
    this.#blocks.set(tunnel, blocks);
    const known = blocks.get(block);
    if (known !== undefined) return known;
    const document = new LedgerDocument<Block>({
      ...this.#options,
      name: blockObjectName(tunnel, block),
      empty: emptyBlock(tunnel, block),
      encode: encodeBlock,
      decode: (data) => decodeBlock(tunnel, block, data),
      mend: (known, incoming) => {
        const lost = [...known.entries.values()].filter((e) => isLive(e) && !incoming.entries.has(e.offset));
        return lost.reduce(withEntry, incoming);
      },
      onStored: (stored) => this.#index.put(stored),
    });
    blocks.set(block, document);
    return document;
  }

  #claimAt({ tunnel, block, entry }: Location): AddressClaim {
    const { base } = parseNetwork(this.#tunnelEntry(tunnel).subnet);
    return { tunnel, block, entry, address: formatAddress(base + block * BLOCK_ADDRESSES + entry.offset) };
  }
}

/** Takes the name of a block's object apart; undefined for any other. */
export function parseBlockName(name: string): { tunnel: number; block: number } | undefined {
  const match = /^ledger-tunnel-(\d{1,5})-block-(\d{1,5})$/.exec(name);
  return match === null ? undefined : { tunnel: Number(match[1]), block: Number(match[2]) };
}

const unreadableMessage = (where: string, reason: string): string =>
  `The ledger Secret ${where} cannot be read (${reason}); restore it from a backup. Until then this tunnel is left as it is.`;
