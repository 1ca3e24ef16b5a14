import fc from 'fast-check';
import { type AddressEntry, type Block, hasRoom, nextFree } from '../../../src/allocation/block.ts';
import type { LedgerStore, StoredObject } from '../../../src/allocation/index.ts';
import { addressRequest, key, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

/** Lets something happen between two writes. */
function interrupted(store: MemoryStore, before: { remove?: () => Promise<unknown> | unknown }): LedgerStore {
  return {
    read: (name) => store.read(name),
    create: (name, data) => store.create(name, data),
    update: (name, data, version) => store.update(name, data, version),
    remove: async (name, version) => {
      await before.remove?.();
      await store.remove(name, version);
    },
  };
}

const reload = (store: MemoryStore) => {
  const ledger = ledgerOver(store);
  for (const object of store.objects.values()) ledger.observe(object);
  return ledger;
};

test('of many claims for one public key at the same time one gets it, wherever their addresses would be', async () => {
  const ledger = ledgerOver(new MemoryStore());
  await ledger.claimTunnel(tunnelRequest('acme'));
  const { publicKey } = keyPair();
  const claims = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) =>
      ledger.claimAddress(addressRequest(0, `a/r${i}`, { publicKey, pin: `10.100.${i + 1}.1` })),
    ),
  );
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const claim of claims) {
    if (claim.status === 'rejected') expect(claim.reason).toMatchObject({ code: 'KeyTaken' });
  }
});

describe('a tunnel whose quarantine ends', () => {
  test('is not forgotten when its tenant comes back before the write', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.releaseTunnel(acme);
    const [back] = await Promise.all([ledger.claimTunnel(tunnelRequest('acme')), ledger.forgetTunnel(0)]);
    expect(back).toEqual(acme);
    expect(ledger.tunnelOfTenant('acme')).toEqual(acme);
  });

  test('gives its index to nobody while its blocks are being removed, and the watch brings none of them back', async () => {
    const store = new MemoryStore();
    let during: { index: number } | undefined;
    const ledger = ledgerOver(
      interrupted(store, {
        remove: async () => {
          during ??= await ledger.claimTunnel(tunnelRequest('quick'));
          // The watch may tell of the removal before the reply does.
          ledger.observeDeleted('ledger-tunnel-0-block-1', '999');
          expect(ledger.isAmiss('ledger-tunnel-0-block-1')).toBe(false);
        },
      }),
    );
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.releaseAddress('acme/r', await ledger.claimAddress(addressRequest(0, 'acme/r')));
    await ledger.releaseTunnel(acme);
    await ledger.forgetTunnel(0);
    expect(during?.index).toBe(1);
    expect([...store.objects.keys()]).toEqual(['ledger-tunnels']);
    expect((await ledger.claimTunnel(tunnelRequest('next'))).index).toBe(0);
  });

  test('whose forgetting was cut short is finished by the next process', async () => {
    const store = new MemoryStore();
    const cut = ledgerOver(
      interrupted(store, {
        remove: () => {
          throw new Error('killed');
        },
      }),
    );
    const acme = await cut.claimTunnel(tunnelRequest('acme'));
    await cut.releaseAddress('acme/r', await cut.claimAddress(addressRequest(0, 'acme/r')));
    await cut.releaseTunnel(acme);
    await expect(cut.forgetTunnel(0)).rejects.toThrow('killed');
    const ledger = reload(store);
    expect(ledger.leftovers()).toEqual([0]);
    for (const index of ledger.leftovers()) await ledger.forgetTunnel(index);
    expect([...store.objects.keys()]).toEqual(['ledger-tunnels']);
    expect(ledger.leftovers()).toEqual([]);
  });

  test('with routers that still live in it is kept for them', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    const claim = await ledger.claimAddress(addressRequest(0, 'acme/r'));
    await ledger.releaseTunnel(acme);
    await ledger.forgetTunnel(0);
    expect(await ledger.claimTunnel(tunnelRequest('acme'))).toEqual(acme);
    expect(await ledger.claimAddress(addressRequest(0, 'acme/r'))).toEqual(claim);
  });
});

test('a tunnel that an heir has taken over is not released in the name of the one before', async () => {
  const ledger = ledgerOver(new MemoryStore());
  const old = await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme' }));
  const heir = await ledger.claimTunnel(tunnelRequest('acme', { owner: 'b/acme', ownerKeeps: () => false }));
  await ledger.releaseTunnel(old);
  expect(ledger.tunnelOfTenant('acme')).toEqual(heir);
});

describe('what hands do to the tunnels object', () => {
  const garble = (object: StoredObject | undefined, more: Record<string, string>): StoredObject => ({
    name: 'ledger-tunnels',
    version: '1000',
    data: { ...object?.data, ...more },
  });

  test('a record made unreadable while the program runs is still known, and stays stored word for word', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    const garbled = garble(store.objects.get('ledger-tunnels'), { '0.acme': 'nonsense' });
    store.objects.set('ledger-tunnels', garbled);
    ledger.observe(garbled);
    expect(ledger.unreadable('acme')).toMatch(/key 0\.acme/);
    expect(ledger.tunnels.get(0)).toEqual(acme);
    expect(ledger.isAmiss('ledger-tunnels')).toBe(false);
    expect(ledger.isUnknown(0)).toBe(false);
    // Its numbers are known, so that no other gets them.
    const other = ledger.claimTunnel(tunnelRequest('other', { pins: { subnet: acme.subnet } }));
    await expect(other).rejects.toMatchObject({ code: 'SubnetTaken' });
    await ledger.claimTunnel(tunnelRequest('other'));
    expect(store.objects.get('ledger-tunnels')?.data['0.acme']).toBe('nonsense');
  });

  test('after a restart a record that cannot be read keeps the subnet and port of its number', async () => {
    const store = new MemoryStore();
    for (const tenant of ['acme', 'other']) await reload(store).claimTunnel(tunnelRequest(tenant));
    store.objects.set('ledger-tunnels', garble(store.objects.get('ledger-tunnels'), { '0.acme': '{}' }));
    const ledger = reload(store);
    const elsewhere = { subnet: '10.150.0.0/16', listenPort: 52_000 };
    const inTheWay = { subnet: '10.104.0.0/16', listenPort: 51_824 };
    expect((await ledger.claimTunnel(tunnelRequest('third', { pins: elsewhere }))).index).toBe(2);
    expect((await ledger.claimTunnel(tunnelRequest('fourth', { pins: inTheWay }))).index).toBe(3);
    // Those of number 4 are taken, so it gets the first that are free: of number 2, not of number 0.
    expect(await ledger.claimTunnel(tunnelRequest('fifth'))).toMatchObject({
      index: 4,
      subnet: '10.102.0.0/16',
      listenPort: 51_822,
    });
  });

  test('missing while addresses are recorded: nothing is given anew, and nothing counts as unknown', async () => {
    const store = new MemoryStore();
    const before = ledgerOver(store);
    await before.claimTunnel(tunnelRequest('acme'));
    await before.claimAddress(addressRequest(0, 'acme/r'));
    const tunnels = store.objects.get('ledger-tunnels');
    store.objects.delete('ledger-tunnels');
    const ledger = reload(store);
    expect(ledger.unreadable('acme')).toMatch(/ledger-tunnels cannot be read \(it is missing/);
    await expect(ledger.claimTunnel(tunnelRequest('other'))).rejects.toMatchObject({
      code: 'LedgerUnreadable',
    });
    expect(ledger.isUnknown(0)).toBe(false);
    expect(ledger.leftovers()).toEqual([]);
    expect(ledger.claimsOf('acme/r')).toEqual([]);
    if (tunnels !== undefined) ledger.observe(tunnels);
    expect(ledger.claimsOf('acme/r')).toEqual(before.claimsOf('acme/r'));
  });

  test('an object without its labels is written again as it is', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    await ledger.claimTunnel(tunnelRequest('acme'));
    const stored = store.objects.get('ledger-tunnels') as StoredObject;
    const fresh = ledgerOver(store);
    fresh.observe({ ...stored, astray: true });
    expect(fresh.isAmiss('ledger-tunnels')).toBe(true);
    const writes = store.writes;
    await fresh.mend('ledger-tunnels');
    expect(store.writes).toBe(writes + 1);
    expect(store.objects.get('ledger-tunnels')?.data).toEqual(stored.data);
    expect(fresh.isAmiss('ledger-tunnels')).toBe(false);
  });

  test.each([
    ['an owner that is no name', { owner: '../x' }],
    ['a key that is not 32 bytes in their one spelling', { publicKey: `${'A'.repeat(42)}B=` }],
  ])('%s makes its block unreadable: it could not be handed over', async (_what, more) => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.claimAddress(addressRequest(0, 'acme/r'));
    const block = store.objects.get('ledger-tunnel-0-block-1') as StoredObject;
    const [entry] = JSON.parse(String(block.data['block.json']));
    ledger.observe({
      ...block,
      version: '99',
      data: { ...block.data, 'block.json': JSON.stringify([{ ...entry, ...more }]) },
    });
    expect(ledger.unreadable('acme')).toMatch(/ledger-tunnel-0-block-1 cannot be read/);
  });
});

test('a block has room exactly when a place can be found in it', () => {
  const subnet = { base: 0x0a640000, length: 16 };
  const now = new Date('2026-01-02T00:00:00Z');
  const entry = fc.record({
    offset: fc.integer({ min: 0, max: 255 }),
    released: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
  });
  const most = fc.uniqueArray(entry, { selector: ({ offset }) => offset, minLength: 250, maxLength: 256 });
  const kind = fc.constantFrom('plain' as const, 'spare' as const);
  fc.assert(
    fc.property(most, kind, fc.constantFrom(0, 3600, 86_400), (list, which, quarantine) => {
      const entries = list.map(({ offset, released }): AddressEntry => {
        const releasedAt = released && new Date(now.getTime() - released * 1000).toISOString();
        return { offset, owner: 'a/r', publicKey: key(), ...(releasedAt && { releasedAt }) };
      });
      const block: Block = {
        tunnel: 0,
        number: 1,
        entries: new Map(entries.map((one) => [one.offset, one])),
      };
      const found = nextFree(block, subnet, which, now, quarantine);
      for (let i = 0; i < 2; i++)
        expect(hasRoom(block, subnet, which, now, quarantine)).toBe(found !== undefined);
    }),
  );
});
