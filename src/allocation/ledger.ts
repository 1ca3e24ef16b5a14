import { AddressBlocks, parseBlockName } from './address-blocks.ts';
import { type AddressUse, addressUse } from './address-use.ts';
import type { AdoptOptions } from './adopt-routers.ts';
import { type AddressEntry, hasRoom, released, withEntry, withoutSecrets } from './block.ts';
import {
  type AddressRequest,
  type Attempt,
  decideAddress,
  keyTaken,
  pinChanged,
  pinnedPlace,
} from './claim-address.ts';
import { AllocationError } from './errors.ts';
import { BLOCK_ADDRESSES, type Place, placeOf, routerBlocks } from './geometry.ts';
import type { HandedTunnel } from './handed-over.ts';
import { formatAddress, type Network } from './ipv4.ts';
import { forgetSecrets, hasKeptSecrets, oldestSecrets } from './kept-secrets.ts';
import type { Location } from './ledger-index.ts';
import { isBehind, type Recovery, recover } from './recovery.ts';
import type { LedgerOptions, StoredObject } from './store.ts';
import { isLive, networkOf, type TunnelEntry } from './tunnel-entry.ts';
import { TUNNELS_OBJECT, TunnelRecords } from './tunnel-records.ts';
import type { TunnelRequest } from './tunnels.ts';

export const isLedgerName = (name: string): boolean =>
  name === TUNNELS_OBJECT || parseBlockName(name) !== undefined;

/** A router's address with the ledger's record of it. */
export interface AddressClaim {
  readonly tunnel: number;
  readonly block: number;
  /** e.g. `10.100.1.1`. */
  readonly address: string;
  readonly entry: AddressEntry;
}

/**
 * The durable memory of who was given what: index, port, subnet and key of each tunnel, address and secrets of each
 * router. Written before any status, read back whole at start; statuses are projections of it.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #blocks: AddressBlocks;
  readonly #tunnels: TunnelRecords;
  /** Claims under way that ask for a key of the router's own, `tunnel/key`: two for one key must not overlap. */
  readonly #keyClaims = new Map<string, Promise<unknown>>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#blocks = new AddressBlocks(options);
    this.#tunnels = new TunnelRecords(options, (index) => this.#blocks.areStored(index));
  }

  /** Takes in a stored ledger object: all of them at start, later each that a watch brings. Whether it was news. */
  observe(object: StoredObject): boolean {
    const id = parseBlockName(object.name);
    if (object.name === TUNNELS_OBJECT) return this.#tunnels.observe(object);
    return id !== undefined && this.#blocks.get(id.tunnel, id.block).observe(object);
  }

  /** A ledger object is gone from the store; {@link mend} writes it again from memory. Whether it was news. */
  observeDeleted(name: string, version?: string): boolean {
    if (name === TUNNELS_OBJECT) return this.#tunnels.observeDeleted(version);
    return this.#block(name)?.observeDeleted(version) ?? false;
  }

  /** Whether a stored object lacks live records that are known here: someone deleted or cut it by hand. */
  isAmiss(name: string): boolean {
    return name === TUNNELS_OBJECT ? this.#tunnels.amiss : (this.#block(name)?.amiss ?? false);
  }

  /** Writes an object that {@link isAmiss} again, from memory. */
  async mend(name: string): Promise<void> {
    if (name === TUNNELS_OBJECT) await this.#tunnels.mend();
    else await this.#block(name)?.change((document) => ({ document, result: undefined }));
  }

  /** Whether {@link recover} may have something to do, by revisions alone. */
  isBehind(handed: readonly Omit<HandedTunnel, 'record'>[]): boolean {
    return isBehind(this.#tunnels, this.#blocks, handed);
  }

  /**
   * Takes over what the gateways have that is later than the ledger: routers and tunnels that a backup does not know.
   * To be done before anything is given to anybody.
   */
  recover(handed: readonly HandedTunnel[], routerOf: AdoptOptions['routerOf']): Promise<Recovery> {
    return recover(this.#tunnels, this.#blocks, handed, { now: this.#options.now(), routerOf });
  }

  /** Revision of the object that holds the tunnels, or of the one that holds a block; see {@link Revised}. */
  revision(tunnel?: number, block?: number): number | undefined {
    if (tunnel === undefined || block === undefined) return this.#tunnels.revision;
    return this.#blocks.of(tunnel).get(block)?.document.revision;
  }

  /** All tunnels by index, live and in quarantine, with what was last known of those that cannot be read now. */
  get tunnels(): ReadonlyMap<number, TunnelEntry> {
    return this.#tunnels.all;
  }

  tunnelOfTenant(tenant: string): TunnelEntry | undefined {
    return this.#tunnels.ofTenant(tenant);
  }

  tunnelsOwnedBy(owner: string): TunnelEntry[] {
    return [...this.tunnels.values()].filter((entry) => entry.owner === owner);
  }

  /** Whether no tunnel has this index: what is left of one may be removed. */
  isUnknown(index: number): boolean {
    return this.#tunnels.isUnknown(index);
  }

  /** Why a tenant's tunnel must be left as it is: its record or one of its blocks cannot be read. */
  unreadable(tenant: string): string | undefined {
    const reason = this.#tunnels.unreadableOf(tenant);
    if (reason !== undefined) return reason;
    const tunnel = this.tunnelOfTenant(tenant);
    if (tunnel === undefined) return undefined;
    for (const { unreadable } of this.#blocks.of(tunnel.index).values()) {
      if (unreadable !== undefined) return unreadable;
    }
    return undefined;
  }

  /** Blocks of a tunnel that have live routers, ascending. */
  liveBlocks(tunnel: number): number[] {
    return this.#blocks.live(tunnel);
  }

  /** How full a tunnel's subnet is; undefined for a tunnel that is not known. */
  addressUse(tunnel: number, quarantineSeconds: number): AddressUse | undefined {
    const record = this.tunnels.get(tunnel);
    if (record === undefined) return undefined;
    const blocks = [...this.#blocks.of(tunnel).values()].map(({ document }) => document);
    return addressUse(networkOf(record), blocks, this.#options.now(), quarantineSeconds);
  }

  /** Live claims of a block, in the order of their addresses. */
  claimsIn(tunnel: number, block: number): AddressClaim[] {
    const entries = [...(this.#blocks.of(tunnel).get(block)?.document.entries.values() ?? [])];
    const live = entries.filter(isLive).sort((a, b) => a.offset - b.offset);
    return live.flatMap((entry) => this.#claimsAt([{ tunnel, block, entry }]));
  }

  /** All live claims of a Router; more than one only until those of another tunnel are released. */
  claimsOf(owner: string): AddressClaim[] {
    return this.#claimsAt(this.#blocks.index.of(owner).filter(({ entry }) => isLive(entry)));
  }

  /** Routers that have something live in the ledger. */
  liveOwners(): string[] {
    const { index } = this.#blocks;
    return [...index.owners()].filter((owner) => index.of(owner).some(({ entry }) => isLive(entry)));
  }

  /** Whether a Router stands, or stood, with this key in another tunnel. */
  isKnownElsewhere(owner: string, publicKey: string, tunnel: number): boolean {
    const places = this.#blocks.index.of(owner);
    return places.some((place) => place.tunnel !== tunnel && place.entry.publicKey === publicKey);
  }

  /** Routers of a tunnel that stand with this key: at most one, but for what two leaders do at once. */
  holdersOfKey(tunnel: number, publicKey: string): string[] {
    return this.#blocks.index.holdersOfKey(tunnel, publicKey);
  }

  /** The store's version of a block; undefined: it is not there. */
  versionOf({ tunnel, block }: Pick<AddressClaim, 'tunnel' | 'block'>): string | undefined {
    return this.#blocks.of(tunnel).get(block)?.version;
  }

  claimTunnel(request: Omit<TunnelRequest, 'isIndexBlocked' | 'unreadableIndices'>): Promise<TunnelEntry> {
    return this.#tunnels.claim(request);
  }

  /** Puts a tunnel into quarantine, if this owner still has it. */
  releaseTunnel(tunnel: Pick<TunnelEntry, 'index' | 'owner'>): Promise<void> {
    return this.#tunnels.release(tunnel);
  }

  /**
   * Ends the quarantine of a tunnel that has no routers. The record goes first, so that the tenant cannot come back
   * into blocks that are being removed; until they are gone, no other tenant gets the index.
   */
  async forgetTunnel(index: number): Promise<void> {
    const isUnreadable = [...this.#blocks.of(index).values()].some(
      ({ unreadable }) => unreadable !== undefined,
    );
    if (this.#tunnels.unreadable !== undefined || isUnreadable || this.liveBlocks(index).length > 0) return;
    await this.#tunnels.forget(index);
    if (this.isUnknown(index)) await this.#blocks.remove(index);
  }

  /** Tunnels that were forgotten, by a process that ended before their blocks were removed. */
  leftovers(): number[] {
    return this.#blocks.tunnels().filter((index) => this.isUnknown(index));
  }

  /** Gives a Router its address and secrets in a tunnel: those it has, else new ones. */
  async claimAddress(request: AddressRequest): Promise<AddressClaim> {
    const publicKey = request.publicKey ?? request.remembered?.publicKey ?? this.#keptKey(request);
    if (publicKey === undefined) return this.#claimAddress(request);
    const key = `${request.tunnel}/${publicKey}`;
    const before = this.#keyClaims.get(key);
    const claim = (async () => {
      await before?.catch(() => {});
      return this.#claimAddress(request);
    })();
    this.#keyClaims.set(key, claim);
    try {
      return await claim;
    } finally {
      if (this.#keyClaims.get(key) === claim) this.#keyClaims.delete(key);
    }
  }

  async #claimAddress(request: AddressRequest): Promise<AddressClaim> {
    const { tunnel, remembered } = request;
    const publicKey = request.publicKey ?? remembered?.publicKey;
    const record = this.tunnels.get(tunnel);
    if (record === undefined) {
      throw new AllocationError(
        'LedgerUnavailable',
        `The ledger has no tunnel ${tunnel}; it is tried again.`,
      );
    }
    const holders = publicKey === undefined ? [] : this.holdersOfKey(tunnel, publicKey);
    if (publicKey !== undefined && holders.length > 0 && !holders.includes(request.owner)) {
      throw keyTaken(publicKey, holders[0]);
    }
    const kept = this.#keptKey(request);
    const keptKeyIsTaken = kept !== undefined && this.holdersOfKey(tunnel, kept).length > 0;
    const subnet = networkOf(record);
    const rememberedPlace = remembered && placeOf(remembered.address, subnet);
    const decided = { ...request, keptKeyIsTaken, rememberedPlace };
    await this.#catchUp(request, subnet);
    const now = this.#options.now();
    for (const attempt of this.#attempts(request, subnet, now)) {
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

  /** Reads a block again of which something was made at a later revision than is known here, as by another leader. */
  async catchUpWith(tunnel: number, block: number, revision: number | undefined): Promise<void> {
    if (revision === undefined) return;
    const document = this.#blocks.get(tunnel, block);
    if (document.isOlderThan(revision)) await document.refresh();
  }

  /**
   * The address goes into quarantine; its secrets are kept until {@link forgetSecrets}, if they are to be. `isSeen`: only
   * the very record that the claim is of; where another process has written since, the Router may be back.
   */
  async releaseAddress(
    owner: string,
    { tunnel, block, entry }: AddressClaim,
    { keepSecrets = false, isSeen = false } = {},
  ): Promise<void> {
    const now = this.#options.now();
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

  /**
   * Forgets the secrets that are kept of a tunnel's Routers which went `graceSeconds` ago or earlier. Answers when the
   * next are due, ms since 1970; Infinity where none are kept.
   */
  async forgetSecrets(tunnel: number, graceSeconds: number): Promise<number> {
    const graceMs = graceSeconds * 1000;
    const limit = this.#options.now().getTime() - graceMs;
    let next = Number.POSITIVE_INFINITY;
    for (const stored of this.#blocks.of(tunnel).values()) {
      if (stored.unreadable !== undefined) continue;
      if (oldestSecrets(stored.document) <= limit) {
        await stored.change((block) => ({ document: forgetSecrets(block, limit), result: undefined }));
      }
      next = Math.min(next, oldestSecrets(stored.document) + graceMs);
    }
    return next;
  }

  /** Where to look for a place: the pin; or where the router stands or stood; or wherever there is room. */
  *#attempts(request: AddressRequest, subnet: Network, now: Date): Generator<Attempt & { block: number }> {
    const { tunnel, pin, told, remembered, quarantineSeconds } = request;
    const places = this.#blocks.index.of(request.owner).filter((place) => place.tunnel === tunnel);
    if (pin !== undefined) {
      const pinned = pinnedPlace(pin, subnet);
      const live = places.filter(({ entry }) => isLive(entry));
      if (live.length > 0 && !live.some((place) => isAt(place, pinned))) throw pinChanged(request);
      yield pinned;
      return;
    }
    // Where it lives, of several places that of which it was told; else where it was last.
    const toldPlace = told === undefined ? undefined : placeOf(told, subnet);
    const inOrder = places.toSorted(lastFirst);
    const best = inOrder.find((place) => isLive(place.entry) && isAt(place, toldPlace));
    const lives = inOrder.some(({ entry }) => isLive(entry));
    const rememberedPlace =
      lives || remembered === undefined ? undefined : placeOf(remembered.address, subnet);
    if (rememberedPlace !== undefined) yield rememberedPlace;
    for (const { block, entry } of best === undefined ? inOrder : [best])
      yield { block, offset: entry.offset };
    const { first, last } = routerBlocks(subnet);
    const known = this.#blocks.of(tunnel);
    for (const kind of ['plain', 'spare'] as const) {
      for (let block = first; block <= last; block++) {
        const document = known.get(block)?.document ?? { tunnel, number: block, entries: new Map() };
        if (hasRoom(document, subnet, kind, now, quarantineSeconds)) yield { block, kind };
      }
    }
  }

  /** The public key that would come back with the secrets which are kept for a Router that went. */
  #keptKey({ owner, tunnel }: AddressRequest): string | undefined {
    const places = this.#blocks.index.of(owner).filter((place) => place.tunnel === tunnel);
    if (places.some(({ entry }) => isLive(entry))) return undefined;
    return places.toSorted(lastFirst).find(({ entry }) => hasKeptSecrets(entry))?.entry.publicKey;
  }

  #block(name: string) {
    const id = parseBlockName(name);
    return id === undefined ? undefined : this.#blocks.of(id.tunnel).get(id.block);
  }

  /** Places in tunnels whose subnet is not known, since their record cannot be read, are left out. */
  #claimsAt(places: readonly Location[]): AddressClaim[] {
    return places.flatMap((place) => {
      const tunnel = this.tunnels.get(place.tunnel);
      return tunnel === undefined ? [] : [claimAt(networkOf(tunnel), place)];
    });
  }
}

const isAt = ({ block, entry }: Location, place: Place | undefined): boolean =>
  block === place?.block && entry.offset === place.offset;

const lastFirst = (a: Location, b: Location): number => lastedUntil(b) - lastedUntil(a);

const lastedUntil = ({ entry: { releasedAt } }: Location): number =>
  releasedAt === undefined ? Number.MAX_VALUE : Date.parse(releasedAt);

const claimAt = (subnet: Network, { tunnel, block, entry }: Location): AddressClaim => ({
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
