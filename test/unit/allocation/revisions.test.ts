/** Ledger objects count their changes, so that one from a backup is known by its count. */
import type { StoredObject } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const BLOCK = 'ledger-tunnel-0-block-1';

async function withRouters(...owners: string[]) {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme'));
  for (const owner of owners) await ledger.claimAddress(addressRequest(0, owner));
  const stored = (name: string) => store.objects.get(name) as StoredObject;
  const revision = (name: string) => Number(stored(name).data.revision);
  return { store, ledger, stored, revision };
}

test('each change counts, also in the next process; reading and writing the same again do not', async () => {
  const { store, ledger, stored, revision } = await withRouters('a/1', 'a/2');
  expect(revision(BLOCK)).toBe(2);
  expect(revision('ledger-tunnels')).toBe(1);
  await ledger.claimAddress(addressRequest(0, 'a/1'));
  ledger.observeDeleted(BLOCK, stored(BLOCK).version);
  store.objects.delete(BLOCK);
  await ledger.mend(BLOCK);
  expect(revision(BLOCK)).toBe(2);
  const next = ledgerOver(store);
  for (const object of store.objects.values()) next.observe(object);
  await next.claimAddress(addressRequest(0, 'a/3'));
  expect(revision(BLOCK)).toBe(3);
});

test('a block from a backup, put in place while the program runs: all that came later is written again', async () => {
  const { store, ledger, stored } = await withRouters('a/1');
  const backup = stored(BLOCK);
  // The backup's holder of the first address is gone since, and another Router has it.
  const [first] = ledger.claimsOf('a/1');
  if (first !== undefined) await ledger.releaseAddress('a/1', first);
  await ledger.claimAddress(addressRequest(0, 'a/2', { pin: '10.100.1.1' }));
  await ledger.claimAddress(addressRequest(0, 'a/3'));
  const whole = stored(BLOCK).data;
  const restored = { ...backup, version: '99' };
  store.objects.set(BLOCK, restored);
  ledger.observe(restored);
  expect(ledger.isAmiss(BLOCK)).toBe(true);
  expect(ledger.claimsIn(0, 1).map(({ entry }) => entry.owner)).toEqual(['a/2', 'a/3']);
  store.objects.set(BLOCK, restored);
  await ledger.mend(BLOCK);
  expect(stored(BLOCK).data).toEqual(whole);
});

test('the tunnels from a backup, put in place while the program runs: none that came later is lost', async () => {
  const { store, ledger, stored } = await withRouters('a/1');
  const restored = { ...stored('ledger-tunnels'), version: '99' };
  await ledger.claimTunnel(tunnelRequest('later'));
  const whole = stored('ledger-tunnels').data;
  store.objects.set('ledger-tunnels', restored);
  ledger.observe(restored);
  await ledger.mend('ledger-tunnels');
  expect(stored('ledger-tunnels').data).toEqual(whole);
});

test('a program that does not count loses nothing of what was known, and the count goes on', async () => {
  const { store, ledger, stored, revision } = await withRouters('a/1', 'a/2');
  const { revision: _, ...uncounted } = stored(BLOCK).data;
  const entries = JSON.parse(String(uncounted['block.json']));
  const more = [...entries, { ...entries[0], offset: 9, owner: 'a/9', publicKey: `${'B'.repeat(42)}A=` }];
  const written = {
    ...stored(BLOCK),
    version: '99',
    data: { ...uncounted, 'block.json': JSON.stringify(more) },
  };
  store.objects.set(BLOCK, written);
  ledger.observe(written);
  expect(ledger.claimsOf('a/9')).toHaveLength(1);
  await ledger.claimAddress(addressRequest(0, 'a/3'));
  expect(revision(BLOCK)).toBe(3);
});
