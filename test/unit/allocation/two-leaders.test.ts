/** Two processes that both lead, each on a ledger that may not show yet what the other gave. */
import type { Ledger, StoredObject } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const QUARANTINE = 60;
const A_BLOCK = 254;

/** One of a full block comes free for A, whose clock is ahead; to B the block is still full. */
async function onceFull(): Promise<{ a: Ledger; b: Ledger; store: MemoryStore }> {
  const store = new MemoryStore();
  const ahead = { ms: 0 };
  const a = ledgerOver(store, () => new Date(NOW + ahead.ms));
  const b = ledgerOver(store, () => new Date(NOW));
  await a.claimTunnel(tunnelRequest('acme'));
  for (let i = 0; i < A_BLOCK; i++) await a.claimAddress(addressRequest(0, `a/r${i}`));
  const [gone] = a.claimsOf('a/r7');
  if (gone !== undefined) await a.releaseAddress('a/r7', gone);
  for (const object of store.objects.values()) b.observe(object);
  ahead.ms = QUARANTINE * 1000;
  return { a, b, store };
}

const request = (told?: string) =>
  addressRequest(0, 'a/new', { quarantineSeconds: QUARANTINE, ...(told === undefined ? {} : { told }) });

describe('a Router that two leaders gave an address each', () => {
  test.each(['10.100.1.8', '10.100.2.1'])(
    'has the one that its status tells, %s, with both',
    async (told) => {
      const { a, b } = await onceFull();
      const [byA, byB] = [await a.claimAddress(request()), await b.claimAddress(request())];
      expect([byA.address, byB.address]).toEqual(['10.100.1.8', '10.100.2.1']);
      // No watch has told either of them.
      const expected = told === byA.address ? byA : byB;
      for (const ledger of [a, b]) {
        expect(await ledger.claimAddress(request(told))).toEqual(expected);
        // Nor do they write anything more.
        expect(await ledger.claimAddress(request(told))).toEqual(expected);
      }
    },
  );

  test('may pin the one that its status tells', async () => {
    const { a, b } = await onceFull();
    const byA = await a.claimAddress(request());
    await b.claimAddress(request());
    expect(await b.claimAddress({ ...request(byA.address), pin: byA.address })).toEqual(byA);
  });

  test('is found by the ledger at both, until one is let go', async () => {
    const { a, b, store } = await onceFull();
    await a.claimAddress(request());
    const byB = await b.claimAddress(request());
    for (const object of store.objects.values()) a.observe(object);
    expect(a.claimsOf('a/new').map(({ address }) => address)).toEqual(['10.100.1.8', '10.100.2.1']);
    await a.releaseAddress('a/new', byB);
    expect(a.claimsOf('a/new').map(({ address }) => address)).toEqual(['10.100.1.8']);
  });
});

test('a release that comes late does not let go what the Router was given since, in the same block', async () => {
  const { a, b, store } = await onceFull();
  const old = b.claimsOf('a/r9')[0];
  if (old === undefined) throw new Error('a/r9');
  await a.releaseAddress('a/r9', old);
  // Somebody else pins the address that it had, and it comes back.
  await a.claimAddress({ ...request(), owner: 'a/other', pin: old.address });
  const given = await a.claimAddress({ ...request(), owner: 'a/r9' });
  expect(given.block).toBe(old.block);
  await b.releaseAddress('a/r9', old);
  for (const object of store.objects.values()) a.observe(object);
  expect(a.claimsOf('a/r9')).toEqual([given]);
});

describe('what another leader wrote', () => {
  const block = 'ledger-tunnel-0-block-1';

  test('is news when the watch tells of it, also after it was read in a conflict or on purpose', async () => {
    const { a, b, store } = await onceFull();
    const written = async (owner: string) => {
      const [claim] = a.claimsOf(owner);
      if (claim !== undefined) await a.releaseAddress(owner, claim);
      return store.objects.get(block) as StoredObject;
    };
    const first = await written('a/r20');
    // A conflict with it.
    const [own] = b.claimsOf('a/r30');
    if (own !== undefined) await b.releaseAddress('a/r30', own);
    expect(b.claimsOf('a/r20')).toEqual([]);
    expect(b.observe(first)).toBe(true);
    expect(b.observe(store.objects.get(block) as StoredObject)).toBe(false);
    a.observe(store.objects.get(block) as StoredObject);
    const second = await written('a/r40');
    await b.catchUpWith(0, 1, Number(second.data.revision));
    expect(b.claimsOf('a/r40')).toEqual([]);
    expect([b.observe(second), b.observe(second)]).toEqual([true, false]);
  });

  test('is read when something was made of it, and not when nothing later was', async () => {
    const { a, b, store } = await onceFull();
    const [claim] = a.claimsOf('a/r20');
    if (claim !== undefined) await a.releaseAddress('a/r20', claim);
    const revision = Number(store.objects.get(block)?.data.revision);
    await b.catchUpWith(0, 1, undefined);
    await b.catchUpWith(0, 1, revision - 1);
    expect(b.claimsOf('a/r20')).toHaveLength(1);
    await b.catchUpWith(0, 1, revision);
    expect(b.claimsOf('a/r20')).toEqual([]);
  });
});

test('a Router that was told an address which the ledger never gave is given another', async () => {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme'));
  for (const told of ['10.100.9.9', '10.7.1.1', 'nonsense']) {
    const claim = await ledger.claimAddress(addressRequest(0, `a/${told.replaceAll('.', '-')}`, { told }));
    expect(claim.address).toMatch(/^10\.100\.1\./);
  }
});
