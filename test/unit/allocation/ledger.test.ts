import fc from 'fast-check';
import type { AddressClaim, Ledger } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { type Fault, MemoryStore } from './memory-store.ts';

function reload(store: MemoryStore): Ledger {
  const ledger = ledgerOver(store);
  for (const object of store.objects.values()) ledger.observe(object);
  return ledger;
}

async function filled(store: MemoryStore): Promise<Ledger> {
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme'));
  await ledger.claimAddress(addressRequest(0, 'acme/one'));
  return ledger;
}

const edit = (store: MemoryStore, name: string, data: Record<string, string>) => {
  const stored = store.objects.get(name);
  if (stored === undefined) throw new Error(`no ${name}`);
  const edited = { name, data: { ...stored.data, ...data }, version: String(Number(stored.version) + 1000) };
  store.objects.set(name, edited);
  return edited;
};

describe('the ledger after a restart', () => {
  test('gives every router the same address, keys and password', async () => {
    const store = new MemoryStore();
    const before = await filled(store);
    const [claim] = before.claimsOf('acme/one');
    const after = reload(store);
    expect(after.claimsOf('acme/one')).toEqual([claim]);
    expect(await after.claimAddress(addressRequest(0, 'acme/one'))).toEqual(claim);
    expect(after.tunnelOfTenant('acme')).toEqual(before.tunnelOfTenant('acme'));
  });
});

describe('a ledger object edited by hand', () => {
  test('into nonsense stops its own tunnel, says where, quotes nothing of it, and leaves others alone', async () => {
    const store = new MemoryStore();
    await filled(store);
    edit(store, 'ledger-tunnel-0-block-1', { 'block.json': '[{"privateKey": "a secret"' });
    const ledger = reload(store);
    expect(ledger.unreadable('acme')).toMatch(/ledger-tunnel-0-block-1 cannot be read \(it is not JSON\)/);
    await expect(ledger.claimAddress(addressRequest(0, 'acme/two'))).rejects.toMatchObject({
      code: 'LedgerUnreadable',
      message: expect.not.stringContaining('a secret'),
    });
    await ledger.claimTunnel(tunnelRequest('other'));
    expect((await ledger.claimAddress(addressRequest(1, 'other/one'))).address).toBe('10.101.1.1');
  });

  test('into nonsense while the program runs: what was known stays readable, nothing is written', async () => {
    const store = new MemoryStore();
    const ledger = await filled(store);
    ledger.observe(edit(store, 'ledger-tunnel-0-block-1', { 'block.json': '{}' }));
    const writes = store.writes;
    await expect(ledger.claimAddress(addressRequest(0, 'acme/two'))).rejects.toMatchObject({
      code: 'LedgerUnreadable',
    });
    expect(store.writes).toBe(writes);
    expect(ledger.claimsOf('acme/one')).toHaveLength(1);
  });

  test("a tunnel's record edited into nonsense keeps its number and tenant from being given again", async () => {
    const store = new MemoryStore();
    await filled(store);
    edit(store, 'ledger-tunnels', { '0.acme': 'nonsense' });
    const ledger = reload(store);
    await expect(ledger.claimTunnel(tunnelRequest('acme'))).rejects.toMatchObject({
      code: 'LedgerUnreadable',
    });
    expect((await ledger.claimTunnel(tunnelRequest('other'))).index).toBe(1);
    expect(store.objects.get('ledger-tunnels')?.data['0.acme']).toBe('nonsense');
  });

  test('goes on by itself once a person mends it', async () => {
    const store = new MemoryStore();
    const ledger = await filled(store);
    const good = store.objects.get('ledger-tunnel-0-block-1')?.data ?? {};
    ledger.observe(edit(store, 'ledger-tunnel-0-block-1', { 'block.json': '' }));
    ledger.observe(edit(store, 'ledger-tunnel-0-block-1', good));
    expect(ledger.unreadable('acme')).toBeUndefined();
    expect((await ledger.claimAddress(addressRequest(0, 'acme/two'))).address).toBe('10.100.1.2');
  });

  test.each(['ledger-tunnels', 'ledger-tunnel-0-block-1'])(
    'deleted (%s) is written again from memory',
    async (name) => {
      const store = new MemoryStore();
      const ledger = await filled(store);
      const before = store.objects.get(name);
      store.objects.delete(name);
      ledger.observeDeleted(name, before?.version);
      expect(ledger.isAmiss(name)).toBe(true);
      await ledger.mend(name);
      expect(store.objects.get(name)?.data).toEqual(before?.data);
      expect(ledger.isAmiss(name)).toBe(false);
    },
  );

  test('from which a live router was cut out gets it back', async () => {
    const store = new MemoryStore();
    const ledger = await filled(store);
    const before = store.objects.get('ledger-tunnel-0-block-1')?.data;
    ledger.observe(edit(store, 'ledger-tunnel-0-block-1', { 'block.json': '[]' }));
    expect(ledger.isAmiss('ledger-tunnel-0-block-1')).toBe(true);
    await ledger.mend('ledger-tunnel-0-block-1');
    expect(store.objects.get('ledger-tunnel-0-block-1')?.data).toEqual(before);
  });
});

test('two ledgers over one store never give one address, key or index twice', async () => {
  const store = new MemoryStore();
  const [a, b] = [ledgerOver(store), ledgerOver(store)];
  const tunnels = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).claimTunnel(tunnelRequest(`tenant-${i}`))),
  );
  expect(new Set(tunnels.map(({ index }) => index)).size).toBe(20);
  for (const ledger of [a, b]) for (const object of store.objects.values()) ledger.observe(object);
  const claims = await Promise.all(
    Array.from({ length: 200 }, (_, i) => (i % 2 ? a : b).claimAddress(addressRequest(0, `tenant-0/r${i}`))),
  );
  expect(new Set(claims.map(({ address }) => address)).size).toBe(200);
  expect(new Set(claims.map(({ entry }) => entry.publicKey)).size).toBe(200);
});

test('whatever writes fail, before or after they took effect: no duplicates, and a reload agrees with the answers', async () => {
  const step = fc.record({
    do: fc.constantFrom('claim', 'release', 'reload'),
    router: fc.integer({ min: 0, max: 30 }),
    pin: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }),
  });
  const fault = fc.constantFrom<Fault>('none', 'none', 'refused', 'lost reply');
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.infiniteStream(fault), async (steps, faults) => {
      const store = new MemoryStore(() => faults.next().value);
      let ledger = ledgerOver(store);
      // A claim that ran out of tries may be stored or not: the ledger decides, not the caller.
      const attempt = async <R>(run: () => Promise<R>): Promise<R | undefined> => {
        try {
          return await run();
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^(LedgerUnavailable|AddressTaken|PinChanged)$/),
          });
          return undefined;
        }
      };
      while ((await attempt(() => ledger.claimTunnel(tunnelRequest('acme')))) === undefined);
      const answers = new Map<string, AddressClaim | undefined>();
      for (const { do: action, router, pin } of steps) {
        const owner = `acme/r${router}`;
        const [held] = ledger.claimsOf(owner);
        if (action === 'reload') ledger = reload(store);
        if (action === 'claim') {
          const pins = pin === undefined ? {} : { pin: `10.100.1.${pin}` };
          const claim = await attempt(() => ledger.claimAddress(addressRequest(0, owner, pins)));
          if (claim !== undefined) {
            const given = answers.get(owner);
            if (given !== undefined) expect(claim).toEqual(given);
            answers.set(owner, claim);
          }
        }
        if (action === 'release' && held !== undefined) {
          if ((await attempt(async () => [await ledger.releaseAddress(owner, held)])) === undefined) {
            ledger = reload(store);
          }
          answers.delete(owner);
          for (const claim of ledger.claimsOf(owner)) answers.set(owner, claim);
        }
        const live = ledger.liveOwners().flatMap((one) => ledger.claimsOf(one));
        expect(new Set(live.map(({ address }) => address)).size).toBe(live.length);
        expect(new Set(live.map(({ entry }) => entry.publicKey)).size).toBe(live.length);
        const fresh = reload(store);
        for (const [one, claim] of answers) expect(fresh.claimsOf(one)).toEqual([claim]);
        expect(fresh.liveOwners().sort()).toEqual(ledger.liveOwners().sort());
      }
    }),
    { numRuns: 200 },
  );
});
