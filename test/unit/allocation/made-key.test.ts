import { decodeBlock, encodeBlock } from '../../../src/allocation/codec.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const OWNER = 'acme/branch-1';

/** A router whose script was used. */
async function withRouter() {
  const ledger = ledgerOver(new MemoryStore());
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
  const newKeyPair = () => generateKeyPair();
  const claim = async (extra = {}) =>
    (await ledger.claimAddress(addressRequest(0, OWNER, { newPassword, newAccess, newKeyPair, ...extra })))
      .entry;
  const first = await claim();
  return { ledger, claim, first, after: first.publicKey, publicKey: generateKeyPair().publicKey };
}

describe('a key that a router has made', () => {
  test('is noted beside its own once its script was used, and is its own once it uses it', async () => {
    const { claim, first, after, publicKey } = await withRouter();
    expect(await claim({ madeKey: { publicKey, after } })).toBe(first);
    const used = await claim({ proven: 1 });
    const noted = await claim({ madeKey: { publicKey, after } });
    expect(noted).toEqual({ ...used, nextPublicKey: publicKey });
    expect(await claim({ madeKey: { publicKey, after } })).toBe(noted);
    const own = await claim({ madeKey: { publicKey, after, inUse: true } });
    expect(own).toMatchObject({ publicKey, isOwnKey: true, access: used.access });
    expect(own).not.toHaveProperty('privateKey');
    expect(own).not.toHaveProperty('nextPublicKey');
    // Nobody made it, so nothing that is said again, or later, makes another of it.
    for (const inUse of [undefined, true])
      expect(await claim({ madeKey: { publicKey, after, inUse } })).toBe(own);
    expect(await claim()).toBe(own);
  });

  test('is taken over by a ledger that is older than its use, also where it never stood there', async () => {
    const { claim, after, publicKey } = await withRouter();
    await claim({ proven: 1 });
    expect(await claim({ madeKey: { publicKey, after, inUse: true } })).toMatchObject({
      publicKey,
      isOwnKey: true,
    });
  });

  test('may be another than the one that was noted, and be followed by one more', async () => {
    const { claim, after, publicKey } = await withRouter();
    await claim({ proven: 1 });
    await claim({ madeKey: { publicKey: generateKeyPair().publicKey, after } });
    expect(await claim({ madeKey: { publicKey, after } })).toMatchObject({ nextPublicKey: publicKey });
    await claim({ madeKey: { publicKey, after, inUse: true } });
    const third = generateKeyPair().publicKey;
    await claim({ madeKey: { publicKey: third, after: publicKey } });
    expect(await claim({ madeKey: { publicKey: third, after: publicKey, inUse: true } })).toMatchObject({
      publicKey: third,
      isOwnKey: true,
    });
  });

  test('means nothing after a fresh script, which has a key of ours again', async () => {
    const { claim, after, publicKey } = await withRouter();
    await claim({ proven: 1 });
    await claim({ madeKey: { publicKey, after } });
    const fresh = await claim({ renew: 'replaced', madeKey: { publicKey, after, inUse: true } });
    expect(fresh.privateKey).toBeDefined();
    expect(fresh.publicKey).not.toBe(publicKey);
    expect(fresh).not.toHaveProperty('nextPublicKey');
    expect(await claim({ renew: 'replaced', madeKey: { publicKey, after, inUse: true } })).toBe(fresh);
  });

  test('gives way to a fresh script, to a pin, and to the script of a tunnel whose own key was lost', async () => {
    const renewed = await withRouter();
    const use = async ({ claim, after, publicKey }: Awaited<ReturnType<typeof withRouter>>) => {
      await claim({ proven: 1 });
      await claim({ madeKey: { publicKey, after, inUse: true } });
      return claim;
    };
    const fresh = await (await use(renewed))({ renew: 'one' });
    expect(fresh.privateKey).toBeDefined();
    expect(fresh).not.toHaveProperty('isOwnKey');

    const pin = generateKeyPair().publicKey;
    const claim = await use(await withRouter());
    const pinned = await claim({ publicKey: pin });
    expect(pinned.publicKey).toBe(pin);
    expect(pinned).not.toHaveProperty('isOwnKey');
    expect(
      await claim({ publicKey: pin, madeKey: { publicKey: generateKeyPair().publicKey, after: pin } }),
    ).toBe(pinned);

    const again = await (await use(await withRouter()))({ tunnelKeyLostAt: '2999-01-01T00:00:00Z' });
    expect(again.privateKey).toBeDefined();
    expect(again.access).not.toHaveProperty('used');
    expect(again).not.toHaveProperty('isOwnKey');
  });

  test('stands in the block as it was written', async () => {
    const { claim, after, publicKey } = await withRouter();
    await claim({ proven: 1 });
    const third = generateKeyPair().publicKey;
    await claim({ madeKey: { publicKey, after, inUse: true } });
    const entry = await claim({ madeKey: { publicKey: third, after: publicKey } });
    const block = { tunnel: 0, number: 1, entries: new Map([[entry.offset, entry]]) };
    const data = encodeBlock(block);
    expect(decodeBlock(0, 1, data).entries.get(entry.offset)).toEqual(entry);
    // What a program makes of it that does not know of such keys: nothing but the router has the private one.
    const older = JSON.parse((data['block.json'] ?? '').replaceAll('isOwnKey', 'x'));
    const read = decodeBlock(0, 1, { ...data, 'block.json': JSON.stringify(older) }).entries.get(
      entry.offset,
    );
    expect(read).toMatchObject({ publicKey, recovered: { keyLost: true } });
  });
});
