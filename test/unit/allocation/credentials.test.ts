import type { AddressEntry, Block } from '../../../src/allocation/block.ts';
import { decodeBlock, encodeBlock } from '../../../src/allocation/codec.ts';
import { passwordDueAt, withDuePasswords } from '../../../src/allocation/scheduled.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const OWNER = 'acme/branch-1';

async function withRouter(store = new MemoryStore()) {
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme', { owner: 'a/acme' }));
  let made = 0;
  const newPassword = () => `password ${++made}`;
  const newAccess = () => ({
    user: 'tenant-tunnel',
    apiPort: 8728,
    password: newPassword(),
    next: newPassword(),
    due: true as const,
  });
  const claim = async (extra = {}) =>
    (await ledger.claimAddress(addressRequest(0, OWNER, { newPassword, newAccess, ...extra }))).entry;
  return { ledger, store, claim };
}

describe('the password of a router', () => {
  test('has one after it from the first claim on, and follows it once it is proven', async () => {
    const { claim } = await withRouter();
    const first = await claim();
    expect(first.access).toMatchObject({ password: 'password 1', next: 'password 2', due: true });
    expect(await claim({ proven: 0 })).toBe(first);
    const { access } = await claim({ proven: 1 });
    expect(access).toEqual({
      user: 'tenant-tunnel',
      apiPort: 8728,
      password: 'password 2',
      next: 'password 3',
      revision: 1,
      used: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  test('does not follow what is said twice, or of another', async () => {
    const { claim } = await withRouter();
    await claim();
    const once = await claim({ proven: 1 });
    for (const proven of [0, 1, 3, 99, undefined]) expect(await claim({ proven })).toBe(once);
  });

  test('changes when it is asked for with another text, once, and with the one that was known before', async () => {
    const { claim } = await withRouter();
    await claim({ rotate: 'a' });
    const quiet = await claim({ proven: 1, rotate: 'a' });
    expect(quiet.access?.due).toBeUndefined();
    const asked = await claim({ rotate: 'b' });
    expect(asked.access).toMatchObject({ password: 'password 2', next: 'password 3', due: true });
    expect(await claim({ rotate: 'b' })).toBe(asked);
    const { access } = await claim({ rotate: 'b', proven: 2 });
    expect(access).toMatchObject({ password: 'password 3', revision: 2, used: quiet.access?.used });
    expect(access?.changed).toBeDefined();
    expect(await claim()).toMatchObject({ access });
  });

  test('of what an earlier version recorded gets one after it', async () => {
    const { claim } = await withRouter();
    const old = () => ({ user: 'tenant-tunnel', apiPort: 8728, password: 'of before' });
    expect((await claim({ newAccess: old })).access).toEqual(old());
    const { access } = await claim();
    expect(access).toMatchObject({ password: 'of before', next: 'password 1', due: true });
  });
});

describe('a fresh script', () => {
  test('has another key, password and number, once for each text; what was said of the one before means nothing', async () => {
    const { claim } = await withRouter();
    const first = await claim();
    await claim({ proven: 1 });
    const fresh = await claim({ renew: 'replaced', proven: 1 });
    expect(fresh.publicKey).not.toBe(first.publicKey);
    expect(fresh.access).toMatchObject({
      password: 'password 4',
      next: 'password 5',
      revision: 3,
      due: true,
    });
    expect(fresh.access?.used).toBeUndefined();
    for (const proven of [1, 2]) expect(await claim({ renew: 'replaced', proven })).toBe(fresh);
    expect(await claim({})).toBe(fresh);
    expect((await claim({ renew: 'again' })).publicKey).not.toBe(fresh.publicKey);
  });

  test('of a router that keeps its own key has another password alone', async () => {
    const { claim } = await withRouter();
    const publicKey = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
    const first = await claim({ publicKey });
    const fresh = await claim({ publicKey, renew: 'x' });
    expect(fresh.publicKey).toBe(publicKey);
    expect(fresh.access?.password).not.toBe(first.access?.password);
  });

  test('is there again where the key of the used one is another’s, or the tunnel’s own was lost', async () => {
    const { claim } = await withRouter();
    await claim();
    await claim({ proven: 1, publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=' });
    const ours = await claim({});
    expect(ours.privateKey).toBeDefined();
    expect(ours.access).toMatchObject({ password: 'password 4', revision: 3 });
    expect(ours.access?.used).toBeUndefined();
    await claim({ proven: 4 });
    const tunnelKeyLostAt = '2100-01-01T00:00:00.000Z';
    const again = await claim({ tunnelKeyLostAt });
    expect(again.publicKey).toBe(ours.publicKey);
    expect(again.access).toMatchObject({ revision: 6, due: true });
    expect(again.access?.used).toBeUndefined();
    expect(await claim({ tunnelKeyLostAt })).toBe(again);
  });

  test('that a Router asks for from the beginning is its first', async () => {
    const { claim } = await withRouter();
    const first = await claim({ renew: 'x' });
    expect(await claim({ renew: 'x' })).toBe(first);
  });
});

test('all of it is read as it was written', async () => {
  const { claim } = await withRouter();
  await claim({ renew: 'x', rotate: 'y' });
  for (const proven of [1, 2]) {
    const entry = await claim({ renew: 'x', rotate: `y${proven}`, proven });
    const block: Block = { tunnel: 0, number: 1, entries: new Map([[entry.offset, entry]]), revision: 3 };
    expect(decodeBlock(0, 1, encodeBlock(block))).toEqual(block);
  }
});

describe('a schedule of days', () => {
  const USED = '2026-01-01T00:00:00Z';
  const router = (offset: number, access: Partial<AddressEntry['access']> = {}): AddressEntry => ({
    offset,
    owner: `acme/r${offset}`,
    publicKey: `key ${offset}`,
    access: {
      user: 'tenant-tunnel',
      apiPort: 8728,
      password: 'p',
      next: 'n',
      revision: 1,
      used: USED,
      ...access,
    } as NonNullable<AddressEntry['access']>,
  });
  const day = (at: number) => (at - Date.parse(USED)) / 86_400_000;

  test('spreads routers that were set up at once over its last fifth', () => {
    const days = Array.from({ length: 200 }, (_, i) => day(passwordDueAt(router(i), 90) ?? Number.NaN));
    expect(Math.min(...days)).toBeGreaterThanOrEqual(72);
    expect(Math.max(...days)).toBeLessThanOrEqual(90);
    expect(new Set(days.map(Math.floor)).size).toBeGreaterThan(15);
    expect(passwordDueAt(router(7), 90)).toBe(passwordDueAt(router(7), 90));
  });

  test('counts from the last change, and leaves alone who is not yet set up or being done', () => {
    const changed = router(1, { changed: '2026-03-01T00:00:00Z' });
    expect(passwordDueAt(changed, 90)).toBe((passwordDueAt(router(1), 90) ?? 0) + 59 * 86_400_000);
    const { used: _, ...shown } = router(1).access ?? { user: '', password: '', apiPort: 1 };
    expect(passwordDueAt({ ...router(1), access: shown }, 1)).toBeUndefined();
    expect(passwordDueAt(router(1, { due: true }), 1)).toBeUndefined();
  });

  test('notes those whose time has come, and changes nothing else', () => {
    const released: AddressEntry = { ...router(3), releasedAt: USED };
    const entries = [router(1), router(2, { changed: '2026-06-01T00:00:00Z' }), released];
    const block: Block = { tunnel: 0, number: 1, entries: new Map(entries.map((one) => [one.offset, one])) };
    const noted = withDuePasswords(block, 90, new Date('2026-06-02T00:00:00Z'));
    expect([...noted.entries.values()].map(({ access }) => access?.due)).toEqual([
      true,
      undefined,
      undefined,
    ]);
    expect(withDuePasswords(noted, 90, new Date('2026-06-02T00:00:00Z'))).toBe(noted);
  });
});
