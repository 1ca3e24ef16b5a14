/** Routers that the ledger does not know, and whose statuses tell what they have. */
import type { Remembered } from '../../../src/allocation/index.ts';
import { addressRequest, key, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const AT = '2026-01-01T00:00:00.000Z';

async function withTunnel() {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme'));
  const claim = (owner: string, extra = {}) => ledger.claimAddress(addressRequest(0, owner, extra));
  return { store, ledger, claim };
}
const login = { user: 'old-user', password: 'old password', apiPort: 8729 };

test('the router keeps address and public key; that its private key is lost is noted', async () => {
  const { claim, store } = await withTunnel();
  const { publicKey } = keyPair();
  const remembered: Remembered = { address: '10.100.3.7', publicKey };
  const claimed = await claim('a/r', { remembered });
  expect(claimed).toMatchObject({
    address: '10.100.3.7',
    entry: { publicKey, recovered: { at: AT, keyLost: true } },
  });
  expect(claimed.entry.access).toBeDefined();
  const { writes } = store;
  expect(await claim('a/r', { remembered })).toEqual(claimed);
  expect(await claim('a/r')).toEqual(claimed);
  expect(store.writes).toBe(writes);
});

test('with what its script holds nothing is lost', async () => {
  const { claim } = await withTunnel();
  const pair = keyPair();
  const secrets = { privateKey: pair.privateKey, presharedKey: key(), access: login };
  const remembered: Remembered = { address: '10.100.3.7', publicKey: pair.publicKey, secrets };
  const { entry } = await claim('a/r', { remembered });
  const { presharedKey } = secrets;
  expect(entry).toEqual({
    offset: 7,
    owner: 'a/r',
    ...pair,
    presharedKey,
    access: { ...login, next: 'another password of a/r', due: true },
    recovered: { at: AT },
  });
});

test('the script found later completes what was taken over without it', async () => {
  const { claim } = await withTunnel();
  const pair = keyPair();
  const remembered: Remembered = { address: '10.100.3.7', publicKey: pair.publicKey };
  await claim('a/r', { remembered });
  const secrets = { privateKey: pair.privateKey, access: login };
  const { entry } = await claim('a/r', { remembered: { ...remembered, secrets } });
  expect(entry).toMatchObject({ ...pair, recovered: { at: AT } });
  // Of another key it is of no use.
  const other = keyPair();
  await claim('a/s', { remembered: { address: '10.100.3.8', publicKey: other.publicKey } });
  const wrong = { address: '10.100.3.8', publicKey: pair.publicKey, secrets };
  await expect(claim('a/s', { remembered: wrong })).rejects.toMatchObject({ code: 'KeyTaken' });
});

test('one that pins its key has that, and nothing of it is lost', async () => {
  const { claim } = await withTunnel();
  const { publicKey } = keyPair();
  const remembered: Remembered = { address: '10.100.3.7', publicKey };
  const { entry } = await claim('a/r', { publicKey, remembered });
  expect(entry).toMatchObject({ publicKey, recovered: { at: AT } });
  expect(entry.recovered).not.toHaveProperty('keyLost');
});

test('in a tunnel that has another key by now, its address has new keys and a new log-in', async () => {
  const { claim } = await withTunnel();
  const { entry, address } = await claim('a/r', { remembered: { address: '10.100.3.7' } });
  expect(address).toBe('10.100.3.7');
  expect(entry.privateKey).toBeDefined();
  expect(entry.recovered).toEqual({ at: AT, keyIsNew: true });
});

test('what is kept of it since it was deleted counts for more, if it is of the same key', async () => {
  const { ledger, claim } = await withTunnel();
  const before = await claim('a/r');
  await ledger.releaseAddress('a/r', before, { keepSecrets: true });
  const { address } = before;
  const { entry } = await claim('a/r', { remembered: { address, publicKey: before.entry.publicKey } });
  expect(entry).toEqual({ ...before.entry, isSettled: true });
  await ledger.releaseAddress('a/r', before, { keepSecrets: true });
  const { publicKey } = keyPair();
  expect((await claim('a/r', { remembered: { address, publicKey } })).entry).toMatchObject({
    publicKey,
    recovered: { keyLost: true },
  });
});

test('it ends the quarantine of another, and is refused what another has by now', async () => {
  const { ledger, claim } = await withTunnel();
  const gone = await claim('a/gone');
  await ledger.releaseAddress('a/gone', gone);
  const { publicKey } = keyPair();
  expect((await claim('a/r', { remembered: { address: gone.address, publicKey } })).address).toBe(
    gone.address,
  );
  const late = claim('a/late', { remembered: { address: gone.address, publicKey: keyPair().publicKey } });
  await expect(late).rejects.toMatchObject({
    code: 'AddressTaken',
    message:
      'Address 10.100.1.1, which this Router had when the ledger was lost, is by now that of Router a/r; delete this one and apply it again for another address and a new script.',
  });
  expect(ledger.claimsOf('a/late')).toEqual([]);
});

test('what another is yet to claim is given to nobody who has not asked for it', async () => {
  const { claim } = await withTunnel();
  const isReserved = (address: string): boolean => /\.1\.[1-9]$|\.2\./.test(address);
  const claims = await Promise.all(Array.from({ length: 250 }, (_, i) => claim(`a/${i}`, { isReserved })));
  expect(claims.filter(({ address }) => isReserved(address))).toEqual([]);
  expect(new Set(claims.map(({ address }) => address)).size).toBe(250);
  expect((await claim('a/pinned', { isReserved, pin: '10.100.1.3' })).address).toBe('10.100.1.3');
});

test.each(['10.100.0.1', '10.101.1.1', 'nonsense', ''])(
  '%s is no address that it can have had here',
  async (address) => {
    const { claim } = await withTunnel();
    expect((await claim('a/r', { remembered: { address } })).address).toBe('10.100.1.1');
  },
);
