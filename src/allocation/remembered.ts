import type { AddressEntry } from './block.ts';
import type { AddressRequest, Credentials } from './claim-address.ts';
import { asked, withNext } from './credentials.ts';
import { AllocationError } from './errors.ts';

/** What the status of a Router says that it has, when the ledger does not know it. */
export interface Remembered {
  readonly address: string;
  /** Absent where the tunnel has another key by now: the router has to be given a new script in any case. */
  readonly publicKey?: string;
  /** Out of the script in the status, held against the public key. */
  readonly secrets?: {
    readonly privateKey?: string;
    readonly presharedKey?: string;
    readonly access: Credentials;
  };
}

/** The record of a router that the ledger has lost, from what its status says. */
export function rememberedEntry(
  offset: number,
  request: AddressRequest,
  remembered: Remembered,
  now: Date,
): AddressEntry {
  const at = now.toISOString();
  const { owner, newKeyPair, newAccess, newPresharedKey } = request;
  const { secrets } = remembered;
  const publicKey = request.publicKey ?? remembered.publicKey;
  if (publicKey === undefined) {
    const shared = newPresharedKey === undefined ? {} : { presharedKey: newPresharedKey() };
    return {
      offset,
      owner,
      ...newKeyPair(),
      ...shared,
      access: newAccess(),
      recovered: { at, keyIsNew: true },
      ...asked(request),
    };
  }
  const privateKey = publicKey === remembered.publicKey ? secrets?.privateKey : undefined;
  const isKnown = privateKey !== undefined || request.publicKey !== undefined;
  const entry: AddressEntry = {
    offset,
    owner,
    publicKey,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(secrets?.presharedKey === undefined ? {} : { presharedKey: secrets.presharedKey }),
    access: secrets?.access ?? newAccess(),
    recovered: { at, ...(isKnown ? {} : { keyLost: true }) },
    ...asked(request),
  };
  return withNext(entry, request);
}

/** The record of a router that was taken over without its private key, once that is found in its script. */
export function completed(entry: AddressEntry, remembered: Remembered | undefined): AddressEntry {
  const { recovered, publicKey } = entry;
  const privateKey = remembered?.secrets?.privateKey;
  if (!recovered?.keyLost || privateKey === undefined || remembered?.publicKey !== publicKey) return entry;
  return { ...entry, privateKey, recovered: { at: recovered.at } };
}

export const rememberedIsTaken = ({ address }: Remembered, holder: string): AllocationError =>
  new AllocationError(
    'AddressTaken',
    `Address ${address}, which this Router had when the ledger was lost, is by now that of Router ${holder}; delete this one and apply it again for another address and a new script.`,
  );
