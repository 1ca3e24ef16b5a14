import { type AdoptedTunnels, adoptTunnels, type MayShareSubnet } from './adopt-tunnels.ts';
import { type DecodedTunnels, decodeTunnels, encodeTunnels } from './codec.ts';
import { LedgerDocument, raised } from './document.ts';
import { AllocationError, unreadableMessage } from './errors.ts';
import type { LedgerOptions, StoredObject } from './store.ts';
import { isLive, type TunnelEntry, type Tunnels, tunnelOfTenant } from './tunnel-entry.ts';
import { claimTunnel, forgetTunnel, releaseTunnel, type TunnelRequest } from './tunnels.ts';

export const TUNNELS_OBJECT = 'ledger-tunnels';

const NO_TUNNELS: DecodedTunnels = { tunnels: new Map(), unreadable: new Map() };

/** The ledger's one object of tunnels. A record that cannot be read stays in it, word for word, for a person to mend. */
export class TunnelRecords {
  readonly #now: () => Date;
  readonly #stored: LedgerDocument<DecodedTunnels>;
  readonly #hasBlocks: (index?: number) => boolean;

  /** `hasBlocks`: whether address blocks are stored, of a tunnel or at all. */
  constructor(options: LedgerOptions, hasBlocks: (index?: number) => boolean) {
    this.#now = options.now;
    this.#hasBlocks = hasBlocks;
    this.#stored = new LedgerDocument({
      ...options,
      name: TUNNELS_OBJECT,
      empty: NO_TUNNELS,
      encode: encodeTunnels,
      decode: decodeTunnels,
      mend: withWhatWasKnown,
      afterDeletion: (known) => known,
      onStored: () => {},
    });
  }

  get amiss(): boolean {
    return this.#stored.amiss;
  }

  /** With what was last known of records that cannot be read now. */
  get all(): Tunnels {
    return this.#stored.document.tunnels;
  }

  observe(object: StoredObject): boolean {
    return this.#stored.observe(object);
  }

  observeDeleted(version: string | undefined): boolean {
    return this.#stored.observeDeleted(version);
  }

  get revision(): number | undefined {
    return this.#stored.document.revision;
  }

  isOlderThan(revision: number | undefined): boolean {
    return this.#stored.isOlderThan(revision);
  }

  /**
   * Takes over what the gateways have that is later than what is recorded. Where all records are lost while addresses
   * stand, that is done only if it brings back the tunnel of each: `inUse` are the indices of those. What is recorded is
   * later than `revision` then, so that a backup from between is known to be older.
   */
  adopt(
    later: readonly TunnelEntry[],
    handed: readonly Pick<TunnelEntry, 'index' | 'publicKey'>[],
    inUse: readonly number[],
    revision: number,
    mayShareSubnet: MayShareSubnet,
  ): Promise<Pick<AdoptedTunnels, 'adopted' | 'displaced'>> {
    return this.#stored.change<Pick<AdoptedTunnels, 'adopted' | 'displaced'>>((document) => {
      const { tunnels, unreadable } = document;
      const isFree = ({ index, tenant }: TunnelEntry): boolean =>
        !unreadable.has(index) && ![...unreadable.values()].some((record) => record.tenant === tenant);
      const result = adoptTunnels(tunnels, later.filter(isFree), handed, mayShareSubnet);
      const isPartial = inUse.some((index) => !result.tunnels.has(index) && !unreadable.has(index));
      if (isPartial && tunnels.size === 0) return { document, result: { adopted: [], displaced: [] } };
      if (result.adopted.length === 0 && this.#stored.version === undefined) return { document, result };
      const changed = result.tunnels === tunnels ? document : { ...document, tunnels: result.tunnels };
      return { document: raised(changed, revision), result };
    });
  }

  mend(): Promise<void> {
    return this.#change((tunnels) => tunnels);
  }

  /** Why nothing may be concluded from a tunnel's not being here, nor given anew: the object itself is unreadable. */
  get unreadable(): string | undefined {
    const { unreadable, version, document } = this.#stored;
    if (unreadable !== undefined) return unreadable;
    if (version === undefined && document.tunnels.size === 0 && this.#hasBlocks()) {
      const reason = new Error('it is missing, although addresses of tunnels are recorded');
      return unreadableMessage(TUNNELS_OBJECT, reason);
    }
    return undefined;
  }

  /** Why the record of a tenant cannot be read. */
  unreadableOf(tenant: string): string | undefined {
    for (const [index, record] of this.#stored.document.unreadable) {
      if (record.tenant === tenant) {
        return unreadableMessage(`${TUNNELS_OBJECT}, key ${index}.${tenant}`, new Error(record.reason));
      }
    }
    return this.unreadable;
  }

  /** The object itself counts as one. */
  countUnreadable(): number {
    return this.unreadable === undefined ? this.#stored.document.unreadable.size : 1;
  }

  /** Whether there surely is no record of this index: none was ever made, or it was forgotten. */
  isUnknown(index: number): boolean {
    const { tunnels, unreadable } = this.#stored.document;
    return this.unreadable === undefined && !tunnels.has(index) && !unreadable.has(index);
  }

  claim(request: Omit<TunnelRequest, 'isIndexBlocked' | 'unreadableIndices'>): Promise<TunnelEntry> {
    return this.#stored.change((document) => {
      const reason = this.unreadableOf(request.tenant);
      if (reason !== undefined) throw new AllocationError('LedgerUnreadable', reason);
      const { tunnels, unreadable } = document;
      const wanted: TunnelRequest = {
        ...request,
        isIndexBlocked: (index) => unreadable.has(index) || this.#hasBlocks(index),
        unreadableIndices: [...unreadable.keys()].filter((index) => !tunnels.has(index)),
      };
      const claimed = claimTunnel(tunnels, wanted, this.#now());
      const changed = claimed.tunnels === tunnels ? document : { ...document, tunnels: claimed.tunnels };
      return { document: changed, result: claimed.entry };
    });
  }

  release(tunnel: Pick<TunnelEntry, 'index' | 'owner'>): Promise<void> {
    return this.#change((tunnels) => releaseTunnel(tunnels, tunnel, this.#now()));
  }

  forget(index: number): Promise<void> {
    return this.#change((tunnels) => forgetTunnel(tunnels, index));
  }

  #change(change: (tunnels: Tunnels) => Tunnels): Promise<void> {
    return this.#stored.change((document) => {
      const tunnels = change(document.tunnels);
      const changed = tunnels === document.tunnels ? document : { ...document, tunnels };
      return { document: changed, result: undefined };
    });
  }

  ofTenant(tenant: string): TunnelEntry | undefined {
    return tunnelOfTenant(this.all, tenant);
  }
}

function withWhatWasKnown(
  known: DecodedTunnels,
  incoming: DecodedTunnels,
): { document: DecodedTunnels; amiss: boolean } {
  const missing = [...known.tunnels.values()].filter(({ index }) => !incoming.tunnels.has(index));
  const garbled = missing.filter(({ index }) => incoming.unreadable.has(index));
  const lost = missing.filter((entry) => isLive(entry) && !incoming.unreadable.has(entry.index));
  if (garbled.length + lost.length === 0) return { document: incoming, amiss: false };
  const kept = [...garbled, ...lost].map((entry) => [entry.index, entry] as const);
  return {
    document: { ...incoming, tunnels: new Map([...incoming.tunnels, ...kept]) },
    amiss: lost.length > 0,
  };
}
