import { networkOf } from '../../../src/allocation/index.ts';
import { digestOf } from '../../../src/controller/router-script.ts';
import type { Picture } from './picture.ts';

/** What two were given that only one may have, in words; at no moment is there any. */
export function duplicatesIn({ records, held, routers, tunnels, handover }: Picture): string[] {
  const seen = new Map<string, string>();
  const found: string[] = [];
  const once = (what: string, who: string): void => {
    const other = seen.get(what);
    if (other !== undefined && other !== who) found.push(`${what}: ${other} and ${who}`);
    seen.set(what, who);
  };
  for (const record of records) {
    const who = `tunnel ${record.index} of ${record.tenant}`;
    once(`the ledger's index ${record.index}`, who);
    once(`the ledger's tenant ${record.tenant}`, who);
    once(`the ledger's port ${record.listenPort}`, who);
    // All of one length here, so that equal bases are what overlapping means.
    once(`the ledger's subnet ${networkOf(record).base}`, who);
    once(`the ledger's tunnel key ${record.publicKey}`, who);
  }
  for (const { index, block, entry } of held) {
    const { owner } = entry;
    once(`the ledger's address ${block}.${entry.offset} of tunnel ${index}`, owner);
    // A key of a router's own is claimed first and told when it is sure; until then two may stand in the ledger.
    const isGiven =
      entry.privateKey !== undefined || routers.get(owner)?.status?.publicKey === entry.publicKey;
    // One Router may stand at two addresses until its status tells which counts; its own key is then at both.
    if (isGiven) once(`the ledger's key ${entry.publicKey} of tunnel ${index}`, owner);
  }
  for (const [key, { status }] of tunnels) {
    if (status?.index !== undefined) once(`the status's index ${status.index}`, key);
    if (status?.subnet !== undefined) once(`the status's subnet ${status.subnet}`, key);
    if (status?.listenPort !== undefined) once(`the status's port ${status.listenPort}`, key);
    if (status?.publicKey !== undefined) once(`the status's tunnel key ${status.publicKey}`, key);
  }
  // Subnets differ, so that no address is in two tunnels.
  for (const [key, { status }] of routers) {
    if (status?.address !== undefined) once(`the status's address ${status.address}`, key);
    if (status?.publicKey !== undefined) once(`the status's key ${status.publicKey}`, key);
    if (status?.script !== undefined) once(`the script with digest ${digestOf(status.script)}`, key);
  }
  for (const object of handover) {
    if (object.part !== 'peers') continue;
    for (const peer of object.peers) {
      // Of one that is gone the peer goes next; its key may be another's by now, in another block.
      if (routers.get(`${peer.namespace}/${peer.name}`)?.metadata.uid !== peer.uid) continue;
      const who = `${peer.namespace}/${peer.name} in ${object.name}`;
      once(`the peer's address ${peer.address}`, who);
      once(`the peer's key ${peer.publicKey}`, who);
    }
  }
  return found;
}
