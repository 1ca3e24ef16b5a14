import type { Credentials } from './claim-address.ts';
import type { Revised } from './document.ts';
import { BLOCK_ADDRESSES, offsetsOfBlock } from './geometry.ts';
import type { Network } from './ipv4.ts';

/** What the ledger keeps for one router. */
export interface AddressEntry {
  /** 0–255 inside the block. */
  readonly offset: number;
  /** `namespace/name` of the Router: a restored one finds itself by it. */
  readonly owner: string;
  readonly publicKey: string;
  /** Absent where the router keeps its own key. */
  readonly privateKey?: string;
  /** Set where the router has made its key itself, and nobody else has the private one. */
  readonly isOwnKey?: true;
  /** A key that it has made for itself, and may use at any time; once it does, that is its key. */
  readonly nextPublicKey?: string;
  readonly presharedKey?: string;
  /** What the router was given to be logged in to with. Absent, as all secrets, some time after release. */
  readonly access?: Credentials;
  /** ISO time of release; the address stays taken until the quarantine is over. */
  readonly releasedAt?: string;
  readonly recovered?: Recovered;
  /** The text of `spec.script.renew` that was answered last. */
  readonly renewed?: string;
  /** The same of `spec.credentials.rotate`. */
  readonly rotated?: string;
  /** Its script may have been pasted, although no status says so any more: its log-in stays as it is. */
  readonly isSettled?: true;
}

/** The ledger had lost this router, or was older than it, and took it over from what was given elsewhere. */
export interface Recovered {
  /** ISO time. */
  readonly at: string;
  /** The router has the private key, and the ledger has not. */
  readonly keyLost?: true;
  /** It was given other keys, since the tunnel's own were lost: its script has to be pasted again. */
  readonly keyIsNew?: true;
}

/** The routers of one /24 of a tunnel, live and in quarantine, by offset. */
export interface Block extends Revised {
  readonly tunnel: number;
  readonly number: number;
  readonly entries: ReadonlyMap<number, AddressEntry>;
}

export const emptyBlock = (tunnel: number, number: number): Block => ({ tunnel, number, entries: new Map() });

/** An owner's place in the block: the live one, where an older one is still in quarantine. */
export function entryOf(block: Block, owner: string): AddressEntry | undefined {
  const own = [...block.entries.values()].filter((entry) => entry.owner === owner);
  return own.find(({ releasedAt }) => releasedAt === undefined) ?? own[0];
}

export function withEntry(block: Block, entry: AddressEntry): Block {
  if (entry.offset < 0 || entry.offset >= BLOCK_ADDRESSES) throw new RangeError(`offset ${entry.offset}`);
  return { ...block, entries: new Map(block.entries).set(entry.offset, entry) };
}

/** The entry after its Router is gone: address, owner and public key stay for the quarantine. */
export const released = (entry: AddressEntry, now: Date): AddressEntry => ({
  ...entry,
  releasedAt: now.toISOString(),
});

/** The entry without what nobody may learn of a Router that is gone. */
export function withoutSecrets({ offset, owner, publicKey, releasedAt }: AddressEntry): AddressEntry {
  return { offset, owner, publicKey, ...(releasedAt === undefined ? {} : { releasedAt }) };
}

/** Whether an offset may be given to a new router: never used, or its quarantine is over. */
export function isFree(block: Block, offset: number, now: Date, quarantineSeconds: number): boolean {
  const entry = block.entries.get(offset);
  if (entry === undefined) return true;
  return (
    entry.releasedAt !== undefined && Date.parse(entry.releasedAt) + quarantineSeconds * 1000 <= now.getTime()
  );
}

const soonest = new WeakMap<Block, Map<'plain' | 'spare', number>>();

/** Since when, or from when on, a place is free, quarantine not counted: ms since 1970, Infinity while all are live. */
function freeSince(block: Block, subnet: Network, kind: 'plain' | 'spare'): number {
  const known = soonest.get(block) ?? new Map<'plain' | 'spare', number>();
  soonest.set(block, known);
  let since = known.get(kind);
  if (since === undefined) {
    since = lookForFree(block, offsetsOfBlock(subnet, block.number, kind));
    known.set(kind, since);
  }
  return since;
}

function lookForFree({ entries }: Block, offsets: readonly number[]): number {
  // So it is of each block that is being filled, whose answer is of use only once.
  if (entries.size < offsets.length) return Number.NEGATIVE_INFINITY;
  let since = Number.POSITIVE_INFINITY;
  for (const offset of offsets) {
    const entry = entries.get(offset);
    if (entry === undefined) return Number.NEGATIVE_INFINITY;
    if (entry.releasedAt !== undefined) since = Math.min(since, Date.parse(entry.releasedAt));
  }
  return since;
}

/** Whether {@link nextFree} finds something. Asked of all 255 blocks of a tunnel, so the answer is kept with the block. */
export function hasRoom(
  block: Block,
  subnet: Network,
  kind: 'plain' | 'spare',
  now: Date,
  quarantineSeconds: number,
): boolean {
  return freeSince(block, subnet, kind) + quarantineSeconds * 1000 <= now.getTime();
}

/** The next offset to give out, or undefined when the block is full. */
export function nextFree(
  block: Block,
  subnet: Network,
  kind: 'plain' | 'spare',
  now: Date,
  quarantineSeconds: number,
  isReserved: (offset: number) => boolean = () => false,
): number | undefined {
  return offsetsOfBlock(subnet, block.number, kind).find(
    (offset) => isFree(block, offset, now, quarantineSeconds) && !isReserved(offset),
  );
}
