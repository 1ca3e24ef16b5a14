/**
 * How the key that a router has made for itself follows that of its script. It stands here, and is let in by the gateways,
 * before the router may use it: whatever is cut off then, the router has one of two keys that are both known.
 */
import type { AddressEntry } from './block.ts';
import type { AddressRequest } from './claim-address.ts';

/** What a Router's status says of it (src/api/v1alpha1/router-status.ts). */
export interface MadeKey {
  readonly publicKey: string;
  /** The key that it had before: what is said of a router before a fresh script was made says nothing of the one after. */
  readonly after: string;
  readonly inUse?: boolean | undefined;
}

/** Noted as one that may come; once the router was found to use it, it is its key, and the one before is gone. */
export function withMadeKey(entry: AddressEntry, { madeKey, publicKey: pin }: AddressRequest): AddressEntry {
  if (madeKey === undefined || !isNewsOfKey(entry, madeKey) || pin !== undefined) return entry;
  const { publicKey, inUse } = madeKey;
  return inUse ? withOwnKey(entry, publicKey) : { ...entry, nextPublicKey: publicKey };
}

/** As one whose router uses a key that it has made. */
export function withOwnKey(entry: AddressEntry, publicKey: string): AddressEntry {
  const { privateKey: _, recovered: __, ...rest } = withoutNext(entry);
  return { ...rest, publicKey, isOwnKey: true };
}

/** Only once the script was used: before that, whoever has it may be another than the one who is to have it. */
export const isNewsOfKey = ({ publicKey, nextPublicKey, access }: AddressEntry, madeKey: MadeKey): boolean =>
  access?.used !== undefined &&
  madeKey.after === publicKey &&
  madeKey.publicKey !== publicKey &&
  (madeKey.inUse === true || madeKey.publicKey !== nextPublicKey);

export function withoutNext(entry: AddressEntry): AddressEntry {
  const { nextPublicKey, ...rest } = entry;
  return nextPublicKey === undefined ? entry : rest;
}
