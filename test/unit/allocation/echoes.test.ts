/** A watch tells of a write before its answer comes, or of what somebody else wrote on top of it. */
import type { LedgerStore } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const BLOCK = 'ledger-tunnel-0-block-1';

/** Runs `between` after each write of a block took effect and before it is answered. */
function answeringLate(store: MemoryStore, between: () => Promise<void> | void): LedgerStore {
  const late = async <R>(name: string, written: Promise<R>): Promise<R> => {
    const answer = await written;
    if (name === BLOCK) await between();
    return answer;
  };
  return {
    read: (name) => store.read(name),
    create: (name, data) => late(name, store.create(name, data)),
    update: (name, data, version) => late(name, store.update(name, data, version)),
    remove: (name, version) => store.remove(name, version),
  };
}

const stored = (store: MemoryStore) => {
  const object = store.objects.get(BLOCK);
  if (object === undefined) throw new Error('There is no block.');
  return object;
};

test('our own write is no news, also when the watch is faster than the answer', async () => {
  const store = new MemoryStore();
  const news: boolean[] = [];
  const ledger = ledgerOver(answeringLate(store, () => void news.push(ledger.observe(stored(store)))));
  await ledger.claimTunnel(tunnelRequest('acme'));
  const claim = await ledger.claimAddress(addressRequest(0, 'acme/r'));
  expect(news).toEqual([false]);
  expect(ledger.claimsOf('acme/r')).toEqual([claim]);
});

test('what another leader wrote on top is not forgotten when the answer to our own write comes after it', async () => {
  const store = new MemoryStore();
  const other = ledgerOver(store);
  let isFirst = true;
  const ledger = ledgerOver(
    answeringLate(store, async () => {
      if (!isFirst) return;
      isFirst = false;
      for (const object of store.objects.values()) other.observe(object);
      await other.claimAddress(addressRequest(0, 'acme/theirs'));
      expect(ledger.observe(stored(store))).toBe(true);
    }),
  );
  await ledger.claimTunnel(tunnelRequest('acme'));
  await ledger.claimAddress(addressRequest(0, 'acme/ours'));
  expect(ledger.claimsIn(0, 1).map(({ entry }) => entry.owner)).toEqual(['acme/ours', 'acme/theirs']);
});

test('a deletion by hand that is told before the answer to the write before it is seen', async () => {
  const store = new MemoryStore();
  let isFirst = true;
  const ledger = ledgerOver(
    answeringLate(store, () => {
      if (!isFirst) return;
      isFirst = false;
      ledger.observe(stored(store));
      store.objects.delete(BLOCK);
      ledger.observeDeleted(BLOCK, '2');
    }),
  );
  await ledger.claimTunnel(tunnelRequest('acme'));
  const claim = await ledger.claimAddress(addressRequest(0, 'acme/r'));
  expect(ledger.isAmiss(BLOCK)).toBe(true);
  await ledger.mend(BLOCK);
  expect(ledger.isAmiss(BLOCK)).toBe(false);
  expect(store.objects.has(BLOCK)).toBe(true);
  expect(ledger.claimsOf('acme/r')).toEqual([claim]);
});
