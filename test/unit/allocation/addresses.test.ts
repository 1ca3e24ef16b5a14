import type { Ledger } from '../../../src/allocation/index.ts';
import { addressRequest, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const refusal = (code: string, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });

async function withTunnel(store = new MemoryStore(), now?: () => Date): Promise<Ledger> {
  const ledger = ledgerOver(store, now);
  await ledger.claimTunnel(tunnelRequest('acme'));
  return ledger;
}

describe('claiming an address', () => {
  test('routers get 10.100.1.1, 10.100.1.2, … in the order they ask', async () => {
    const ledger = await withTunnel();
    const one = await ledger.claimAddress(addressRequest(0, 'acme/one'));
    const two = await ledger.claimAddress(addressRequest(0, 'acme/two'));
    expect([one.address, two.address]).toEqual(['10.100.1.1', '10.100.1.2']);
    expect(one.entry.publicKey).not.toBe(two.entry.publicKey);
  });

  test('100 at once get 100 addresses in one write', async () => {
    const store = new MemoryStore();
    const ledger = await withTunnel(store);
    const before = store.writes;
    const claims = await Promise.all(
      Array.from({ length: 100 }, (_, i) => ledger.claimAddress(addressRequest(0, `acme/r${i}`))),
    );
    expect(new Set(claims.map(({ address }) => address)).size).toBe(100);
    expect(store.writes - before).toBe(1);
  });

  test('a burst beyond a block goes on in the next one', async () => {
    const ledger = await withTunnel();
    const claims = await Promise.all(
      Array.from({ length: 300 }, (_, i) => ledger.claimAddress(addressRequest(0, `acme/r${i}`))),
    );
    expect(new Set(claims.map(({ address }) => address)).size).toBe(300);
    expect(claims.map(({ address }) => address)).toContain('10.100.2.46');
    expect(ledger.liveBlocks(0)).toEqual([1, 2]);
  });

  test('claiming again changes nothing and writes nothing', async () => {
    const store = new MemoryStore();
    const ledger = await withTunnel(store);
    const first = await ledger.claimAddress(addressRequest(0, 'acme/one'));
    const writes = store.writes;
    expect(await ledger.claimAddress(addressRequest(0, 'acme/one'))).toEqual(first);
    expect(store.writes).toBe(writes);
  });

  test('a released address is free for others only after the quarantine; its secrets are not stored unless they are to be kept', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    const store = new MemoryStore();
    const ledger = await withTunnel(store, () => now);
    const gone = await ledger.claimAddress(addressRequest(0, 'acme/gone'));
    await ledger.releaseAddress('acme/gone', gone);
    const stored = JSON.stringify([...store.objects.values()].filter(({ name }) => name.includes('block')));
    expect(stored).toContain(gone.entry.publicKey);
    expect(stored).not.toContain(gone.entry.privateKey);
    expect(stored).not.toContain(gone.entry.access?.password);
    expect((await ledger.claimAddress(addressRequest(0, 'acme/next'))).address).toBe('10.100.1.2');
    now = new Date('2026-01-02T00:00:01Z');
    expect((await ledger.claimAddress(addressRequest(0, 'acme/later'))).address).toBe('10.100.1.1');
  });

  test('a Router that comes back within the quarantine finds its address', async () => {
    const ledger = await withTunnel();
    await ledger.claimAddress(addressRequest(0, 'acme/one'));
    const two = await ledger.claimAddress(addressRequest(0, 'acme/two'));
    await ledger.releaseAddress('acme/two', two);
    expect((await ledger.claimAddress(addressRequest(0, 'acme/two'))).address).toBe('10.100.1.2');
  });

  test('a pin is given, keeps others off, and names its holder', async () => {
    const ledger = await withTunnel();
    const pinned = await ledger.claimAddress(addressRequest(0, 'acme/old', { pin: '10.100.1.1' }));
    expect(pinned.address).toBe('10.100.1.1');
    expect((await ledger.claimAddress(addressRequest(0, 'acme/new'))).address).toBe('10.100.1.2');
    const rival = ledger.claimAddress(addressRequest(0, 'acme/rival', { pin: '10.100.1.1' }));
    await expect(rival).rejects.toEqual(refusal('AddressTaken', /belongs to Router acme\/old/));
  });

  test('a pin may take an address out of quarantine: its holder is gone and this one is asked for by name', async () => {
    const ledger = await withTunnel();
    const old = await ledger.claimAddress(addressRequest(0, 'acme/old', { pin: '10.100.7.7' }));
    await ledger.releaseAddress('acme/old', old);
    const heir = await ledger.claimAddress(addressRequest(0, 'acme/heir', { pin: '10.100.7.7' }));
    expect(heir.address).toBe('10.100.7.7');
    expect(ledger.claimsOf('acme/old')).toEqual([]);
  });

  test.each(['10.100.0.1', '10.100.0.200', '10.101.1.1', '10.100.255.255', '9.9.9.9'])(
    'the pin %s, which no router of the tunnel may have, is refused',
    async (pin) => {
      const ledger = await withTunnel();
      const claim = ledger.claimAddress(addressRequest(0, 'acme/one', { pin }));
      await expect(claim).rejects.toEqual(
        refusal('AddressOutsidePool', /none that this tunnel gives to routers/),
      );
    },
  );

  test('a pin on a router that lives elsewhere is refused in the same block and in another', async () => {
    const ledger = await withTunnel();
    await ledger.claimAddress(addressRequest(0, 'acme/one'));
    for (const pin of ['10.100.1.9', '10.100.9.9']) {
      const moved = ledger.claimAddress(addressRequest(0, 'acme/one', { pin }));
      await expect(moved).rejects.toEqual(refusal('PinChanged', /already lives at another address/));
    }
    expect(ledger.claimsOf('acme/one').map(({ address }) => address)).toEqual(['10.100.1.1']);
  });

  test('a public key belongs to one router of the tunnel', async () => {
    const ledger = await withTunnel();
    const { publicKey } = keyPair();
    await ledger.claimAddress(addressRequest(0, 'acme/one', { publicKey }));
    const rival = ledger.claimAddress(addressRequest(0, 'acme/two', { publicKey }));
    await expect(rival).rejects.toEqual(refusal('KeyTaken', /belongs to Router acme\/one/));
  });

  test('a router that keeps its own key has no private key here, and gets one when it gives its own up', async () => {
    const ledger = await withTunnel();
    const { publicKey } = keyPair();
    const own = await ledger.claimAddress(addressRequest(0, 'acme/one', { publicKey }));
    expect(own.entry).toMatchObject({ publicKey });
    expect(own.entry.privateKey).toBeUndefined();
    const ours = await ledger.claimAddress(addressRequest(0, 'acme/one'));
    expect(ours.address).toBe(own.address);
    expect(ours.entry.privateKey).toBeDefined();
    expect(ours.entry.publicKey).not.toBe(publicKey);
  });

  test('a /23 holds 256 routers less its broadcast address, uses .0 and .255 last, and then says so', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const { parsePools } = await import('../../../src/allocation/index.ts');
    const pools = () => parsePools([{ cidr: '10.9.0.0/23', prefixLength: 23 }]);
    await ledger.claimTunnel(tunnelRequest('small', { pools }));
    const claims = await Promise.all(
      Array.from({ length: 255 }, (_, i) => ledger.claimAddress(addressRequest(0, `small/r${i}`))),
    );
    expect(new Set(claims.map(({ address }) => address)).size).toBe(255);
    expect(claims[254]?.address).toBe('10.9.1.0');
    expect(claims.map(({ address }) => address)).not.toContain('10.9.1.255');
    const full = ledger.claimAddress(addressRequest(0, 'small/one-more'));
    await expect(full).rejects.toEqual(refusal('AddressPoolExhausted', /has no free address left/));
  });
});
