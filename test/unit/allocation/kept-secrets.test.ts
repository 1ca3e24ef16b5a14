/** A Router that goes and comes back: what its router in the field lives by is kept for a while, and for nobody else. */
import type { AddressClaim, Ledger } from '../../../src/allocation/index.ts';
import { addressRequest, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const GRACE = 3600;

async function world() {
  const clock = { now: new Date('2026-01-01T00:00:00Z') };
  const store = new MemoryStore();
  const ledger = ledgerOver(store, () => clock.now);
  await ledger.claimTunnel(tunnelRequest('acme'));
  const pass = (seconds: number) => {
    clock.now = new Date(clock.now.getTime() + seconds * 1000);
  };
  return { store, ledger, pass, stored: () => JSON.stringify([...store.objects.values()]) };
}

const claim = (ledger: Ledger, owner: string, extra = {}) =>
  ledger.claimAddress(addressRequest(0, owner, extra));
/** Its script was pasted, perhaps. */
const settled = (claimed: AddressClaim): AddressClaim => ({
  ...claimed,
  entry: { ...claimed.entry, isSettled: true },
});
const gone = (ledger: Ledger, claimed: AddressClaim) =>
  ledger.releaseAddress(claimed.entry.owner, claimed, { keepSecrets: true });

test('one that comes back in time has all it had: address, keys, pre-shared key, log-in', async () => {
  const { ledger, pass } = await world();
  await claim(ledger, 'a/first');
  const before = await claim(ledger, 'a/r', { newPresharedKey: () => `${'P'.repeat(42)}A=` });
  await gone(ledger, before);
  expect(ledger.claimsOf('a/r')).toEqual([]);
  pass(GRACE - 1);
  await ledger.forgetSecrets(0, GRACE);
  expect(await claim(ledger, 'a/r')).toEqual(settled(before));
});

test('after that time nothing secret is left, in one write a block; the address is still its own', async () => {
  const { store, ledger, pass, stored } = await world();
  const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(ledger, `a/r${i}`)));
  for (const one of claims) await gone(ledger, one);
  expect(await ledger.forgetSecrets(0, GRACE)).toBe(Date.parse('2026-01-01T01:00:00Z'));
  pass(GRACE);
  const { writes } = store;
  expect(await ledger.forgetSecrets(0, GRACE)).toBe(Number.POSITIVE_INFINITY);
  expect(store.writes).toBe(writes + 1);
  for (const { entry } of claims) {
    expect(stored()).not.toContain(entry.privateKey);
    expect(stored()).not.toContain(entry.access?.password);
    expect(stored()).toContain(entry.publicKey);
  }
  const [first] = claims;
  const back = await claim(ledger, 'a/r0');
  expect(back.address).toBe(first?.address);
  expect(back.entry.publicKey).not.toBe(first?.entry.publicKey);
});

test('what lives is left alone, and where nothing is kept nothing is written', async () => {
  const { store, ledger, pass } = await world();
  const lives = await claim(ledger, 'a/lives');
  pass(10 * GRACE);
  const { writes } = store;
  expect(await ledger.forgetSecrets(0, GRACE)).toBe(Number.POSITIVE_INFINITY);
  expect(store.writes).toBe(writes);
  expect(ledger.claimsOf('a/lives')).toEqual([lives]);
});

test('another Router that pins the address gets none of the secrets, and they are gone', async () => {
  const { ledger, stored } = await world();
  const before = await claim(ledger, 'a/r');
  await gone(ledger, before);
  const heir = await claim(ledger, 'a/heir', { pin: before.address });
  expect(heir.address).toBe(before.address);
  expect(heir.entry.privateKey).not.toBe(before.entry.privateKey);
  expect(heir.entry.access?.password).not.toBe(before.entry.access?.password);
  expect(stored()).not.toContain(before.entry.privateKey);
});

test('a key that another router has by now does not come back: two peers cannot have one key', async () => {
  const { ledger } = await world();
  const before = await claim(ledger, 'a/r');
  await gone(ledger, before);
  const [thief, back] = await Promise.all([
    claim(ledger, 'a/thief', { publicKey: before.entry.publicKey }),
    claim(ledger, 'a/r'),
  ]);
  expect(back.entry.publicKey).not.toBe(thief.entry.publicKey);
  expect(back.address).toBe(before.address);
});

test('and while it is on its way back nobody else gets its key', async () => {
  const { ledger } = await world();
  const before = await claim(ledger, 'a/r');
  await gone(ledger, before);
  const [back, thief] = await Promise.allSettled([
    claim(ledger, 'a/r'),
    claim(ledger, 'a/thief', { publicKey: before.entry.publicKey }),
  ]);
  expect(back).toMatchObject({ value: settled(before) });
  expect(thief).toMatchObject({ reason: { code: 'KeyTaken' } });
});

test('one that comes back with a key of its own has that, and the old log-in', async () => {
  const { ledger } = await world();
  const before = await claim(ledger, 'a/r');
  await gone(ledger, before);
  const { publicKey } = keyPair();
  const back = await claim(ledger, 'a/r', { publicKey });
  expect(back.entry).toMatchObject({ publicKey, access: before.entry.access });
  expect(back.entry.privateKey).toBeUndefined();
});

test('one that stood in two places comes back to where it was last', async () => {
  const { ledger, pass } = await world();
  const first = await claim(ledger, 'a/r');
  await gone(ledger, first);
  pass(60);
  const moved = await claim(ledger, 'a/r', { pin: '10.100.3.3' });
  await gone(ledger, moved);
  expect(await claim(ledger, 'a/r')).toEqual(settled(moved));
});

test('its log-in is that of then, whatever its manifest and its class say by now', async () => {
  const { ledger } = await world();
  const before = await claim(ledger, 'a/r', { access: { user: 'then', apiPort: 1111 } });
  await gone(ledger, before);
  for (let i = 0; i < 2; i++) {
    const back = await claim(ledger, 'a/r', { access: { user: 'now', apiPort: 2222 } });
    expect(back.entry.access).toEqual(before.entry.access);
  }
});

test('nor does that of one follow whose status is lost', async () => {
  const { store, ledger } = await world();
  const before = await claim(ledger, 'a/r', { mayBePasted: true });
  expect(before.entry.isSettled).toBeUndefined();
  const followed = await claim(ledger, 'a/r', { access: { user: 'now', apiPort: 2222 } });
  expect(followed.entry.access).toMatchObject({ user: 'now', apiPort: 2222 });
  const lost = await claim(ledger, 'a/r', { mayBePasted: true });
  expect(lost.entry).toEqual({ ...followed.entry, isSettled: true });
  const { writes } = store;
  expect(await claim(ledger, 'a/r', { mayBePasted: true })).toEqual(lost);
  expect(await claim(ledger, 'a/r', { access: { user: 'later', apiPort: 3333 } })).toEqual(lost);
  expect(store.writes).toBe(writes);
});
