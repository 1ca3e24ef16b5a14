import { AddressBlocks, parseBlockName } from './address-blocks.ts';
import { type AddressClaim, AddressClaims, claimAt } from './address-claims.ts';
import { type AddressUse, addressUse } from './address-use.ts';
import type { AdoptOptions } from './adopt-routers.ts';
import type { MayShareSubnet } from './adopt-tunnels.ts';
import type { AddressRequest } from './claim-address.ts';
import type { HandedTunnel } from './handed-over.ts';
import { forgetSecrets, oldestSecrets } from './kept-secrets.ts';
import type { Location } from './ledger-index.ts';
import { isBehind, type Recovery, recover } from './recovery.ts';
import { withDuePasswords } from './scheduled.ts';
import type { LedgerOptions, StoredObject } from './store.ts';
import { isLive, networkOf, type TunnelEntry } from './tunnel-entry.ts';
import { TUNNELS_OBJECT, TunnelRecords } from './tunnel-records.ts';
import type { TunnelRequest } from './tunnels.ts';

export const isLedgerName = (name: string): boolean =>
  name === TUNNELS_OBJECT || parseBlockName(name) !== undefined;

/**
 * The durable memory of who was given what: index, port, subnet and key of each tunnel, address and secrets of each
 * router. Written before any status, read back whole at start; statuses are projections of it.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #blocks: AddressBlocks;
  readonly #tunnels: TunnelRecords;
  readonly #claims: AddressClaims;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#blocks = new AddressBlocks(options);
    this.#tunnels = new TunnelRecords(options, (index) => this.#blocks.areStored(index));
    this.#claims = new AddressClaims(options, this.#blocks, (index) => this.tunnels.get(index));
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
  recover(
    handed: readonly HandedTunnel[],
    routerOf: AdoptOptions['routerOf'],
    mayShareSubnet: MayShareSubnet = () => false,
  ): Promise<Recovery> {
    const now = this.#options.now();
    return recover(this.#tunnels, this.#blocks, handed, { now, routerOf, mayShareSubnet });
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

  /** How many objects, and records of tunnels, cannot be read. */
  countUnreadable(): number {
    let count = this.#tunnels.countUnreadable();
    for (const tunnel of this.#blocks.tunnels()) {
      for (const { unreadable } of this.#blocks.of(tunnel).values()) if (unreadable !== undefined) count += 1;
    }
    return count;
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
  claimAddress(request: AddressRequest): Promise<AddressClaim> {
    return this.#claims.claim(request);
  }

  /**
   * The address goes into quarantine; its secrets are kept until {@link forgetSecrets}, if they are to be. `isSeen`: only
   * the very record that the claim is of; where another process has written since, the Router may be back.
   */
  releaseAddress(
    owner: string,
    claim: AddressClaim,
    options?: { keepSecrets?: boolean; isSeen?: boolean },
  ): Promise<void> {
    return this.#claims.release(owner, claim, options);
  }

  /** Reads a block again of which something was made at a later revision than is known here, as by another leader. */
  async catchUpWith(tunnel: number, block: number, revision: number | undefined): Promise<void> {
    if (revision === undefined) return;
    const document = this.#blocks.get(tunnel, block);
    if (document.isOlderThan(revision)) await document.refresh();
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

  /** Notes which routers of a tunnel are to be given their next passwords; answers the blocks in which there are some. */
  async notePasswordsDue(tunnel: number, days: number): Promise<number[]> {
    const now = this.#options.now();
    const changed: number[] = [];
    for (const [number, stored] of this.#blocks.of(tunnel)) {
      const { document, unreadable } = stored;
      if (unreadable !== undefined || withDuePasswords(document, days, now) === document) continue;
      await stored.change((block) => ({
        document: withDuePasswords(block, days, now),
        result: undefined,
      }));
      changed.push(number);
    }
    return changed;
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
