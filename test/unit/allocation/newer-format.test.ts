/** Ledger objects that a later version of the program wrote: their tunnels stop, say so, and are never written over. */
import type { StoredObject } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const BLOCK = 'ledger-tunnel-0-block-1';
const SAYING = (name: string) =>
  `The ledger Secret ${name} was written by a newer version of the operator (format 2, this one knows 1): run that version again; until then this tunnel is left as it is.`;

/** Two tunnels with a router each, of which `name` was then written in format 2; with and without memory of before. */
async function written(name: string, inMemory: boolean) {
  const store = new MemoryStore();
  const before = ledgerOver(store);
  for (const [index, tenant] of ['acme', 'other'].entries()) {
    await before.claimTunnel(tunnelRequest(tenant));
    await before.claimAddress(addressRequest(index, `${tenant}/r`));
  }
  const stored = store.objects.get(name) as StoredObject;
  const newer = { ...stored, version: '99', data: { ...stored.data, format: '2', more: '{"of": "later"}' } };
  store.objects.set(name, newer);
  const ledger = inMemory ? before : ledgerOver(store);
  for (const object of store.objects.values()) ledger.observe(object);
  return { store, ledger, newer };
}

describe.each([
  ['seen while the program runs', true],
  ['found at its start', false],
])('%s', (_when, inMemory) => {
  test('one block: that tunnel alone', async () => {
    const { store, ledger, newer } = await written(BLOCK, inMemory);
    expect(ledger.unreadable('acme')).toBe(SAYING(BLOCK));
    expect(ledger.unreadable('other')).toBeUndefined();
    await expect(ledger.claimAddress(addressRequest(0, 'acme/two'))).rejects.toMatchObject({
      code: 'LedgerUnreadable',
      message: SAYING(BLOCK),
    });
    expect((await ledger.claimAddress(addressRequest(1, 'other/two'))).address).toBe('10.101.1.2');
    expect(store.objects.get(BLOCK)).toBe(newer);
  });

  test('the tunnels: all of them', async () => {
    const { store, ledger, newer } = await written('ledger-tunnels', inMemory);
    for (const tenant of ['acme', 'other', 'third']) {
      expect(ledger.unreadable(tenant)).toBe(SAYING('ledger-tunnels'));
      await expect(ledger.claimTunnel(tunnelRequest(tenant))).rejects.toMatchObject({
        code: 'LedgerUnreadable',
      });
    }
    expect(store.objects.get('ledger-tunnels')).toBe(newer);
  });

  test.each([BLOCK, 'ledger-tunnels'])('%s is not mended, forgotten or released into', async (name) => {
    const { store, ledger, newer } = await written(name, inMemory);
    expect(ledger.isAmiss(name)).toBe(false);
    await ledger.mend(name).catch(() => {});
    const [claim] = ledger.claimsOf('acme/r');
    if (claim !== undefined) await ledger.releaseAddress('acme/r', claim).catch(() => {});
    await ledger.releaseTunnel({ index: 0, owner: 'acme/acme' }).catch(() => {});
    for (const index of ledger.leftovers()) await ledger.forgetTunnel(index);
    await ledger.forgetTunnel(0);
    expect(store.objects.get(name)).toBe(newer);
    expect(store.objects.has(BLOCK)).toBe(true);
  });
});

test.each(['0', '-1', '1.5', 'two', ''])(
  '"%s" is no later format but nonsense: a person mends it',
  async (format) => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    await ledger.claimTunnel(tunnelRequest('acme'));
    const stored = store.objects.get('ledger-tunnels') as StoredObject;
    ledger.observe({ ...stored, version: '99', data: { ...stored.data, format } });
    expect(ledger.unreadable('acme')).toBe(
      `The ledger Secret ledger-tunnels cannot be read (its format is "${format}" and this program knows 1); restore it from a backup. Until then this tunnel is left as it is.`,
    );
  },
);
