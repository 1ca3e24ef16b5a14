import type { AddressBlocks } from './address-blocks.ts';
import { type AddressEntry, released, withEntry, withoutSecrets } from './block.ts';
import { type AddressRequest, decideAddress, keyTaken } from './claim-address.ts';
import { AllocationError } from './errors.ts';
import { BLOCK_ADDRESSES, placeOf } from './geometry.ts';
import { formatAddress, type Network } from './ipv4.ts';
import type { Location } from './ledger-index.ts';
import type { LedgerOptions } from './store.ts';
import { isLive, networkOf, type TunnelEntry } from './tunnel-entry.ts';
import { keptKey, whereToLook } from './where-to-look.ts';

/** A router's address with the ledger's record of it. */
export interface AddressClaim {
  readonly tunnel: number;
  readonly block: number;
  /** e.g. `10.100.1.1`. */
  readonly address: string;
  readonly entry: AddressEntry;
}

/** What Routers have in tunnels: given, and let go. */
export class AddressClaims {
  readonly #now: () => Date;
  readonly #blocks: AddressBlocks;
  readonly #tunnelOf: (index: number) => TunnelEntry | undefined;
  /** Claims under way that ask for a key of the router's own, `tunnel/key`: two for one key must not overlap. */
  readonly #keyClaims = new Map<string, Promise<unknown>>();

  constructor(
    { now }: Pick<LedgerOptions, 'now'>,
    blocks: AddressBlocks,
    tunnelOf: (index: number) => TunnelEntry | undefined,
  ) {
    this.#now = now;
    this.#blocks = blocks;
    this.#tunnelOf = tunnelOf;
  }

  async claim(request: AddressRequest): Promise<AddressClaim> {
    const publicKey = request.publicKey ?? request.remembered?.publicKey ?? keptKey(this.#placesOf(request));
    if (publicKey === undefined) return this.#claim(request);
    const key = `${request.tunnel}/${publicKey}`;
    const before = this.#keyClaims.get(key);
    const claim = (async () => {
      await before?.catch(() => {});
      return this.#claim(request);
    })();
    this.#keyClaims.set(key, claim);
    try {
      return await claim;
    } finally {
      if (this.#keyClaims.get(key) === claim) this.#keyClaims.delete(key);
    }
  }

  async #claim(request: AddressRequest): Promise<AddressClaim> {
    const { tunnel, remembered } = request;
    const publicKey = request.publicKey ?? remembered?.publicKey;
    const record = this.#tunnelOf(tunnel);
    if (record === undefined) {
      throw new AllocationError(
        'LedgerUnavailable',
        `The ledger has no tunnel ${tunnel}; it is tried again.`,
      );
    }
    const holders = publicKey === undefined ? [] : this.#blocks.index.holdersOfKey(tunnel, publicKey);
    if (publicKey !== undefined && holders.length > 0 && !holders.includes(request.owner)) {
      throw keyTaken(publicKey, holders[0]);
    }
    const kept = keptKey(this.#placesOf(request));
    const keptKeyIsTaken = kept !== undefined && this.#blocks.index.holdersOfKey(tunnel, kept).length > 0;
    const subnet = networkOf(record);
    const rememberedPlace = remembered && placeOf(remembered.address, subnet);
    const decided = { ...request, keptKeyIsTaken, rememberedPlace };
    await this.#catchUp(request, subnet);
    const now = this.#now();
    const known = { places: this.#placesOf(request), blocks: this.#blocks.of(tunnel) };
    for (const attempt of whereToLook(request, subnet, now, known)) {
      const document = this.#blocks.get(tunnel, attempt.block);
      const entry = await document.change((block) => decideAddress(block, decided, attempt, subnet, now));
      if (entry !== undefined) return claimAt(subnet, { tunnel, block: attempt.block, entry });
    }
    throw new AllocationError(
      'AddressPoolExhausted',
      `Subnet ${record.subnet} has no free address left; delete Routers that are gone, or give the tenant a tunnel of a class with a shorter prefix.`,
    );
  }

  /** A Router that was told an address which is not known to be its own: what is known of that block may be old. */
  async #catchUp({ tunnel, owner, told }: AddressRequest, subnet: Network): Promise<void> {
    const place = told === undefined ? undefined : placeOf(told, subnet);
    if (place === undefined) return;
    const known = this.#blocks.of(tunnel).get(place.block)?.document.entries.get(place.offset);
    if (known === undefined || known.owner !== owner || !isLive(known)) {
      await this.#blocks.get(tunnel, place.block).refresh();
    }
  }

  async release(
    owner: string,
    { tunnel, block, entry }: AddressClaim,
    { keepSecrets = false, isSeen = false } = {},
  ): Promise<void> {
    const now = this.#now();
    const { offset } = entry;
    // One whose script cannot be made any more is applied again to get a new one.
    const gone = (entry: AddressEntry): AddressEntry =>
      keepSecrets && !entry.recovered?.keyLost ? released(entry, now) : withoutSecrets(released(entry, now));
    await this.#blocks.get(tunnel, block).change((document) => {
      const there = document.entries.get(offset);
      const isIt = there?.owner === owner && isLive(there);
      if (isIt && isSeen && there !== entry) throw changedSince(owner);
      return { document: isIt ? withEntry(document, gone(there)) : document, result: undefined };
    });
  }

  #placesOf({ owner, tunnel }: AddressRequest): Location[] {
    return this.#blocks.index.of(owner).filter((place) => place.tunnel === tunnel);
  }
}

export const claimAt = (subnet: Network, { tunnel, block, entry }: Location): AddressClaim => ({
  tunnel,
  block,
  entry,
  address: formatAddress(subnet.base + block * BLOCK_ADDRESSES + entry.offset),
});

const changedSince = (owner: string): AllocationError =>
  new AllocationError(
    'LedgerUnavailable',
    `The record of Router ${owner} was written by another process meanwhile; it is looked at again.`,
  );
