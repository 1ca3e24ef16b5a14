/** A ledger out of a backup, older than what the gateways have: routers and tunnels that came later are not lost. */

import { processorMs } from '../../testbed/processor-time.ts';
import { addressRequest, key, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { backupOf, handedOver, restored } from './gateways.ts';
import { MemoryStore } from './memory-store.ts';

const exists = () => ({});
const login = (password: string) => ({ user: 'tenant-tunnel', password, apiPort: 8728 });

async function beginning(...owners: string[]) {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  await ledger.claimTunnel(tunnelRequest('acme'));
  for (const owner of owners) await ledger.claimAddress(addressRequest(0, owner));
  return { store, ledger };
}

describe('routers that came after the backup', () => {
  test('keep address and key, and what logs in to them; nobody else is touched', async () => {
    const { store, ledger } = await beginning('a/1', 'a/2');
    const backup = backupOf(store);
    const later = await ledger.claimAddress(addressRequest(0, 'a/3'));
    const before = ['a/1', 'a/2'].flatMap((owner) => ledger.claimsOf(owner));
    const after = (await restored(backup)).ledger;
    expect(await after.recover(handedOver(ledger), exists)).toEqual({
      tunnels: [],
      routers: new Map([[0, ['a/3']]]),
    });
    expect(['a/1', 'a/2'].flatMap((owner) => after.claimsOf(owner))).toEqual(before);
    const { offset, owner, publicKey, access } = later.entry;
    expect(after.claimsOf('a/3')).toEqual([
      {
        ...later,
        entry: {
          offset,
          owner,
          publicKey,
          access,
          recovered: { at: '2026-01-01T00:00:00.000Z', keyLost: true },
        },
      },
    ]);
    // Claimed as at each later look, and by a newcomer.
    expect(await after.claimAddress(addressRequest(0, 'a/3'))).toEqual(after.claimsOf('a/3')[0]);
    expect((await after.claimAddress(addressRequest(0, 'a/new'))).address).toBe('10.100.1.4');
  });

  test('whose manifests pin their keys have lost nothing', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    const { publicKey } = keyPair();
    await ledger.claimAddress(addressRequest(0, 'a/own', { publicKey }));
    const after = (await restored(backup)).ledger;
    await after.recover(handedOver(ledger), () => ({ publicKey }));
    const request = addressRequest(0, 'a/own', { publicKey });
    expect((await after.claimAddress(request)).entry.recovered).toEqual({ at: expect.any(String) });
    // The pin taken out, it gets a key of ours as ever.
    expect((await after.claimAddress(addressRequest(0, 'a/own'))).entry.privateKey).toBeDefined();
  });

  test('whose Routers are not there wait for them in quarantine, and are the same when they come', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    const later = await ledger.claimAddress(addressRequest(0, 'a/2'));
    const after = (await restored(backup)).ledger;
    await after.recover(handedOver(ledger), (owner) => (owner === 'a/2' ? undefined : {}));
    expect(after.claimsOf('a/2')).toEqual([]);
    expect((await after.claimAddress(addressRequest(0, 'a/new'))).address).toBe('10.100.1.3');
    const back = await after.claimAddress(addressRequest(0, 'a/2'));
    expect(back).toMatchObject({ address: later.address, entry: { publicKey: later.entry.publicKey } });
    expect(back.entry.releasedAt).toBeUndefined();
  });

  test('take their addresses back from whom the backup still has there', async () => {
    const { store, ledger } = await beginning('a/old');
    const backup = backupOf(store);
    const [old] = ledger.claimsOf('a/old');
    if (old !== undefined) await ledger.releaseAddress('a/old', old);
    const heir = await ledger.claimAddress(addressRequest(0, 'a/heir', { pin: '10.100.1.1' }));
    const after = (await restored(backup)).ledger;
    await after.recover(handedOver(ledger), exists);
    expect(after.claimsOf('a/heir')[0]?.entry.publicKey).toBe(heir.entry.publicKey);
    expect(after.claimsOf('a/old')).toEqual([]);
    expect((await after.claimAddress(addressRequest(0, 'a/old'))).address).toBe('10.100.1.2');
  });

  test('that have moved, or have another key or log-in by now, are as they are now', async () => {
    const { store, ledger } = await beginning('a/moved', 'a/rekeyed', 'a/login');
    const backup = backupOf(store);
    const [moved] = ledger.claimsOf('a/moved');
    if (moved !== undefined) await ledger.releaseAddress('a/moved', moved);
    await ledger.claimAddress(addressRequest(0, 'a/moved', { pin: '10.100.2.2' }));
    const { publicKey } = keyPair();
    await ledger.claimAddress(addressRequest(0, 'a/rekeyed', { publicKey }));
    const handed = handedOver(ledger).map((tunnel) => ({
      ...tunnel,
      blocks: tunnel.blocks.map((block) => ({
        ...block,
        routers: () =>
          block
            .routers()
            .map((router) => (router.owner === 'a/login' ? { ...router, access: login('new') } : router)),
      })),
    }));
    const after = (await restored(backup)).ledger;
    await after.recover(handed, exists);
    for (const owner of ['a/moved', 'a/rekeyed', 'a/login']) {
      const [[now], [then]] = [after.claimsOf(owner), ledger.claimsOf(owner)];
      expect(after.claimsOf(owner)).toHaveLength(1);
      expect([now?.address, now?.entry.publicKey]).toEqual([then?.address, then?.entry.publicKey]);
    }
    expect(after.claimsOf('a/login')[0]?.entry).toMatchObject({
      privateKey: ledger.claimsOf('a/login')[0]?.entry.privateKey,
      access: login('new'),
    });
  });

  test('of thousands: one write a block', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    await Promise.all(
      Array.from({ length: 1000 }, (_, i) => ledger.claimAddress(addressRequest(0, `a/late-${i}`))),
    );
    const after = await restored(backup);
    await after.ledger.recover(handedOver(ledger), exists);
    expect(after.store.writes).toBe(ledger.liveBlocks(0).length);
    expect(after.ledger.liveOwners().sort()).toEqual(ledger.liveOwners().sort());
  });
});

describe('tunnels that came after the backup', () => {
  test('are as they were, with their routers', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    const late = await ledger.claimTunnel(tunnelRequest('late', { pins: { listenPort: 60_000 } }));
    await ledger.claimAddress(addressRequest(late.index, 'late/1'));
    const after = (await restored(backup)).ledger;
    expect((await after.recover(handedOver(ledger), exists)).tunnels).toEqual([late]);
    expect(await after.claimTunnel(tunnelRequest('late'))).toEqual(late);
    expect(after.claimsOf('late/1')[0]?.address).toBe('10.101.1.1');
  });

  test('and have the subnet of one that lies on no gateway, which may be where classes share', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const shared = { className: 'equal', mayShareWith: () => true };
    const waiting = await ledger.claimTunnel(tunnelRequest('waiting', shared));
    const backup = backupOf(store);
    const late = await ledger.claimTunnel(tunnelRequest('late', shared));
    expect(late.subnet).toBe(waiting.subnet);
    const handed = handedOver(ledger).filter(({ index }) => index === late.index);
    const [sharing, apart] = await Promise.all([restored(backup), restored(backup)]);
    await sharing.ledger.recover(handed, exists, () => true);
    expect([...sharing.ledger.tunnels.values()]).toEqual([waiting, late]);
    await apart.ledger.recover(handed, exists);
    expect([...apart.ledger.tunnels.values()]).toEqual([late]);
  });

  test('and have the number of one that is gone: that one, its routers, and what it had are let go', async () => {
    const { store, ledger } = await beginning('a/1', 'a/2');
    const backup = backupOf(store);
    for (const owner of ['a/1', 'a/2']) {
      for (const claim of ledger.claimsOf(owner)) await ledger.releaseAddress(owner, claim);
    }
    await ledger.releaseTunnel({ index: 0, owner: 'acme/acme' });
    await ledger.forgetTunnel(0);
    const heir = await ledger.claimTunnel(tunnelRequest('heir'));
    expect(heir.index).toBe(0);
    await ledger.claimAddress(addressRequest(0, 'heir/1'));
    const after = (await restored(backup)).ledger;
    await after.recover(handedOver(ledger), exists);
    expect(after.tunnelOfTenant('heir')).toEqual(heir);
    expect(after.tunnelOfTenant('acme')).toBeUndefined();
    expect(after.claimsIn(0, 1).map(({ entry }) => entry.owner)).toEqual(['heir/1']);
    expect((await after.claimTunnel(tunnelRequest('acme'))).index).toBe(1);
  });

  test('and have the number of one that is gone, but no routers yet: those of that one are let go', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    for (const claim of ledger.claimsOf('a/1')) await ledger.releaseAddress('a/1', claim);
    await ledger.releaseTunnel({ index: 0, owner: 'acme/acme' });
    await ledger.forgetTunnel(0);
    await ledger.claimTunnel(tunnelRequest('heir'));
    const { ledger: after } = await restored(backup);
    await after.recover(handedOver(ledger), exists);
    expect(after.tunnelOfTenant('heir')?.index).toBe(0);
    expect(after.claimsIn(0, 1)).toEqual([]);
  });

  test('and whose keys are missing at the gateways cannot be had: their numbers stay theirs to claim', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store);
    await ledger.claimTunnel(tunnelRequest('late'));
    const handed = handedOver(ledger).map((tunnel) => ({
      ...tunnel,
      record: () => {
        const { privateKey: _, ...rest } = tunnel.record() ?? ({} as never);
        return rest;
      },
    }));
    const after = await restored(backup);
    expect(await after.ledger.recover(handed, exists)).toEqual({ tunnels: [], routers: new Map() });
    expect(after.store.writes).toBe(0);
  });

  test('one that was let go at the time of the backup, and came back, is there', async () => {
    const { store, ledger } = await beginning('a/1');
    await ledger.releaseTunnel({ index: 0, owner: 'acme/acme' });
    const backup = backupOf(store);
    const acme = await ledger.claimTunnel(tunnelRequest('acme'));
    const after = (await restored(backup)).ledger;
    expect((await after.recover(handedOver(ledger), exists)).tunnels).toEqual([acme]);
    expect(after.tunnels.get(0)?.releasedAt).toBeUndefined();
  });
});

describe('what is lost', () => {
  test.each([
    ['all of it', () => false],
    ['the tunnels', (name: string) => name !== 'ledger-tunnels'],
    ['a block', (name: string) => name !== 'ledger-tunnel-0-block-1'],
  ])('%s: tunnels, addresses and public keys are those of before', async (_what, isLeft) => {
    const { store, ledger } = await beginning(...Array.from({ length: 300 }, (_, i) => `a/${i}`));
    const other = await ledger.claimTunnel(tunnelRequest('other'));
    await ledger.claimAddress(addressRequest(other.index, 'other/1'));
    const { ledger: after } = await restored(backupOf(store).filter(({ name }) => isLeft(name)));
    await after.recover(handedOver(ledger), exists);
    expect(after.tunnels).toEqual(ledger.tunnels);
    expect(after.unreadable('acme')).toBeUndefined();
    for (const owner of ledger.liveOwners()) {
      const [[now], [then]] = [after.claimsOf(owner), ledger.claimsOf(owner)];
      expect([now?.address, now?.entry.publicKey, now?.entry.access]).toEqual([
        then?.address,
        then?.entry.publicKey,
        then?.entry.access,
      ]);
    }
  });

  test('the tunnels, of which the gateways do not have all that addresses stand in: nothing is taken over', async () => {
    const { store, ledger } = await beginning('a/1');
    const other = await ledger.claimTunnel(tunnelRequest('other'));
    await ledger.claimAddress(addressRequest(other.index, 'other/1'));
    const after = await restored(backupOf(store).filter(({ name }) => name !== 'ledger-tunnels'));
    await after.ledger.recover(handedOver(ledger).slice(0, 1), exists);
    expect(after.ledger.unreadable('acme')).toMatch(
      /it is missing, although addresses of tunnels are recorded/,
    );
    expect(after.store.writes).toBe(0);
  });
});

describe('nothing is taken over, read or written', () => {
  const unread = (handed: ReturnType<typeof handedOver>) =>
    handed.map((tunnel) => ({
      ...tunnel,
      record: () => {
        throw new Error('read');
      },
      blocks: tunnel.blocks.map((block) => ({
        ...block,
        routers: () => {
          throw new Error('read');
        },
      })),
    }));

  test('while the ledger is as new as the gateways', async () => {
    const { store, ledger } = await beginning('a/1', 'a/2');
    const after = await restored(backupOf(store));
    await after.ledger.recover(unread(handedOver(ledger)), exists);
    expect(after.store.writes).toBe(0);
  });

  test('where the gateways are behind: what was let go stays so', async () => {
    const { store, ledger } = await beginning('a/1', 'a/2');
    const handed = handedOver(ledger);
    const [first] = ledger.claimsOf('a/1');
    if (first !== undefined) await ledger.releaseAddress('a/1', first);
    await ledger.claimTunnel(tunnelRequest('later'));
    const after = await restored(backupOf(store));
    await after.ledger.recover(unread(handed), exists);
    expect(after.store.writes).toBe(0);
    expect(after.ledger.claimsOf('a/1')).toEqual([]);
  });

  test('into what a newer version wrote', async () => {
    const { store, ledger } = await beginning('a/1');
    const backup = backupOf(store).map((object) => ({ ...object, data: { ...object.data, format: '2' } }));
    await ledger.claimAddress(addressRequest(0, 'a/2'));
    await ledger.claimTunnel(tunnelRequest('later'));
    const after = await restored(backup);
    await after.ledger.recover(handedOver(ledger), exists);
    expect(after.store.writes).toBe(0);
    expect([...after.store.objects.values()].map(({ data }) => data)).toEqual(backup.map(({ data }) => data));
  });

  test('at a start with 65,000 routers, in less than a second', async () => {
    const { ledger, store } = await beginning('a/1');
    const block = store.objects.get('ledger-tunnel-0-block-1');
    for (let i = 2; i < 257; i++) {
      const entries = Array.from({ length: 254 }, (_, j) => ({
        offset: j + 1,
        owner: `a/${i}-${j}`,
        publicKey: key(),
      }));
      const data = { ...block?.data, 'block.json': JSON.stringify(entries) };
      ledger.observe(await store.create(`ledger-tunnel-0-block-${i}`, data));
    }
    const after = await restored(backupOf(store));
    const handed = unread(handedOver(ledger));
    const began = processorMs();
    await after.ledger.recover(handed, exists);
    expect(processorMs() - began).toBeLessThan(1000);
    expect(after.store.writes).toBe(0);
  });
});

test('what is taken over counts as later than all that it came from: a second restore finds it so', async () => {
  const { store, ledger } = await beginning('a/1');
  for (let i = 2; i < 9; i++) {
    await ledger.claimAddress(addressRequest(0, `a/${i}`));
    await ledger.claimTunnel(tunnelRequest(`t${i}`));
  }
  const older = backupOf(store);
  await ledger.claimTunnel(tunnelRequest('last'));
  await ledger.claimAddress(addressRequest(0, 'a/last'));
  const lost = (await restored([])).ledger;
  await lost.recover(handedOver(ledger), exists);
  expect(lost.revision()).toBeGreaterThan(ledger.revision() ?? 0);
  expect(lost.revision(0, 1)).toBeGreaterThan(ledger.revision(0, 1) ?? 0);
  const again = (await restored(older)).ledger;
  await again.recover(handedOver(lost), exists);
  expect(again.tunnelOfTenant('last')).toEqual(ledger.tunnelOfTenant('last'));
  expect(again.claimsOf('a/last')[0]?.address).toBe('10.100.1.9');
});

test('a ledger that is older and lacks nothing is raised as well, once', async () => {
  const { store, ledger } = await beginning('a/1', 'a/2');
  const backup = backupOf(store);
  const [second] = ledger.claimsOf('a/2');
  if (second !== undefined) await ledger.releaseAddress('a/2', second, { keepSecrets: true });
  await ledger.claimAddress(addressRequest(0, 'a/2'));
  const after = await restored(backup);
  await after.ledger.recover(handedOver(ledger), exists);
  expect(after.store.writes).toBe(1);
  expect(after.ledger.revision(0, 1)).toBeGreaterThan(ledger.revision(0, 1) ?? 0);
  const next = ledgerOver(after.store);
  for (const object of after.store.objects.values()) next.observe(object);
  expect(next.isBehind(handedOver(ledger))).toBe(false);
});
