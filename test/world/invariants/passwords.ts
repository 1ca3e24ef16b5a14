/** 10. No router in the field has a password that the ledger does not know. */
import { isLive } from '../../../src/allocation/index.ts';
import type { Devices } from '../devices.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';

export function passwordsAreKnown(picture: Picture, devices: Devices): void {
  const records = new Map([...picture.records()].map(({ entry }) => [entry.publicKey, entry]));
  for (const { publicKey, password } of devices.all()) {
    const entry = records.get(publicKey);
    // A key that was replaced is that of a router which was to be shut out; one of a router's own outlives its record.
    if (entry === undefined || !isLive(entry) || entry.privateKey === undefined) continue;
    const { access } = entry;
    if (access?.password !== password && access?.next !== password)
      throw new Violation('10 passwords', `${entry.owner} has a password that the ledger does not know`);
  }
}
