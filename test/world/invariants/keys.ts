/** 11. No router in the field has a key that the ledger does not know, and the ledger has no key for one that it does not use. */
import { isLive } from '../../../src/allocation/index.ts';
import type { Devices } from '../devices.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

export function keysAreKnown(picture: Picture, devices: Devices): void {
  const records = new Map([...picture.records()].map(({ entry }) => [entry.publicKey, entry]));
  for (const { publicKey, former = '', made = '' } of devices.all()) {
    const hasty = records.get(made);
    if (hasty !== undefined && isLive(hasty))
      throw new Violation('11 keys', `${hasty.owner} does not use yet what the ledger has as its key`);
    const entry = records.get(former);
    // A key that was replaced, or let go, is that of a router which was to be shut out.
    if (entry === undefined || !isLive(entry)) continue;
    if (entry.nextPublicKey !== publicKey)
      throw new Violation('11 keys', `${entry.owner} has a key that the ledger does not know`);
  }
}
