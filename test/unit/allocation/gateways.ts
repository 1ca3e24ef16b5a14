import type { HandedTunnel, Ledger, StoredObject } from '../../../src/allocation/index.ts';
import { isLive } from '../../../src/allocation/index.ts';
import { ledgerOver } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

/** What the gateways have of a ledger when all of it was handed over; `withheld`: suspended Routers. */
export function handedOver(
  ledger: Ledger,
  withheld: (owner: string) => boolean = () => false,
): HandedTunnel[] {
  return [...ledger.tunnels.values()].filter(isLive).map((record) => {
    const blocks = ledger.liveBlocks(record.index).map((number) => {
      const routers = ledger
        .claimsIn(record.index, number)
        .filter(({ entry }) => !withheld(entry.owner))
        .map(({ address, entry: { owner, publicKey, presharedKey, access } }) => ({
          owner,
          address,
          publicKey,
          ...(presharedKey && { presharedKey }),
          ...(access && { access }),
        }));
      return { number, revision: ledger.revision(record.index, number), routers: () => routers };
    });
    return { index: record.index, revision: ledger.revision(), record: () => record, blocks };
  });
}

export const backupOf = (store: MemoryStore): StoredObject[] => [...store.objects.values()];

/** A store that has a backup's objects, made anew as a restore makes them, and a process that has just read it. */
export async function restored(objects: readonly StoredObject[], now?: () => Date) {
  const store = new MemoryStore();
  for (const { name, data } of objects) await store.create(name, data);
  store.writes = 0;
  const ledger = ledgerOver(store, now);
  for (const object of store.objects.values()) ledger.observe(object);
  return { store, ledger };
}
