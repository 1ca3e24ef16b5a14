/** What goes, in whatever order and whoever is down meanwhile: nothing leaks, nothing that lives is lost. */
import { jest } from '@jest/globals';
import { ControllerHarness, SYSTEM, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['a', 'b', 'ending', 'ending-2']) await harness.addNamespace(namespace);
  await harness.addClass('standard');
  await harness.addClass('no-quarantine', { quarantineSeconds: 0 }, false);
  await harness.addClass('brief-grace', { restoreGraceSeconds: 3 }, false);
  await harness.addClass('no-grace', { restoreGraceSeconds: 0 }, false);
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

const removed = (kind: 'routers' | 'tenanttunnels', key: string) => harness.delete(harness.path(kind, key));
interface LedgerEntry {
  owner: string;
  releasedAt?: string;
  privateKey?: string;
  access?: object;
}
const ledgerBlock = async (index: unknown): Promise<LedgerEntry[]> =>
  JSON.parse(
    (await harness.handedOver('secrets', `ledger-tunnel-${index}-block-1`, SYSTEM))?.['block.json'] ?? '[]',
  );
const ledgerTunnel = async (index: unknown, tenant: string): Promise<LedgerEntry | undefined> => {
  const text = (await harness.handedOver('secrets', 'ledger-tunnels', SYSTEM))?.[`${index}.${tenant}`];
  return text === undefined ? undefined : JSON.parse(text);
};
const handedOver = async (index: unknown) =>
  Object.keys(await harness.allHandedOver()).filter((name) => new RegExp(`/tunnel-${index}(-|$)`).test(name));

test('a Router deleted while the controller is down: peer, secrets and log-in go when it is back', async () => {
  await harness.addTunnel('a/down', { className: 'no-grace' });
  await harness.addRouter('a/gone', { tenant: 'down' });
  await harness.addRouter('a/stays', { tenant: 'down' });
  const stays = await harness.granted('a/stays');
  const gone = await harness.granted('a/gone');
  const { index } = await harness.allocated('a/down');
  await until('both are peers', async () => (await harness.peers(index)).length === 2);
  await harness.stopController();
  await removed('routers', 'a/gone');
  await harness.startController();
  await until('its peer is gone', async () => (await harness.peers(index)).join() === 'stays');
  const entry = (await ledgerBlock(index)).find(({ owner }) => owner === 'a/gone');
  expect(entry).toMatchObject({ releasedAt: expect.any(String) });
  expect(entry?.privateKey).toBeUndefined();
  expect(entry?.access).toBeUndefined();
  expect(await harness.handedOver('secrets', `tunnel-${index}-access-1`)).not.toHaveProperty([
    gone.address ?? '',
  ]);
  expect(await harness.granted('a/stays')).toEqual(stays);
});

test('a deleted Router: its peer goes at once, and what is kept for its return is forgotten after the grace', async () => {
  await harness.addTunnel('a/brief', { className: 'brief-grace' });
  await harness.addRouter('a/left', { tenant: 'brief' });
  await harness.addRouter('a/comes-back', { tenant: 'brief' });
  const before = await harness.granted('a/comes-back');
  const left = await harness.granted('a/left');
  const { index } = await harness.allocated('a/brief');
  await until('both are peers', async () => (await harness.peers(index)).length === 2);
  for (const key of ['a/left', 'a/comes-back']) await removed('routers', key);
  await until('nothing is handed over of them', async () => {
    const access = await harness.handedOver('secrets', `tunnel-${index}-access-1`);
    return (await harness.peers(index)).length === 0 && Object.keys(access ?? {}).length === 0;
  });
  await harness.addRouter('a/comes-back', { tenant: 'brief' });
  expect(await harness.granted('a/comes-back')).toEqual(before);
  const entryOf = async (owner: string) => (await ledgerBlock(index)).find((entry) => entry.owner === owner);
  await until('the other is forgotten', async () => (await entryOf('a/left'))?.access === undefined);
  expect(await entryOf('a/left')).toEqual({
    offset: expect.any(Number),
    owner: 'a/left',
    publicKey: left.publicKey,
    releasedAt: expect.any(String),
  });
  expect(await harness.granted('a/comes-back')).toEqual(before);
});

test('a Router deleted and made again under its name while the controller is down keeps all it had', async () => {
  await harness.addRouter('a/again', { tenant: 'down' });
  const before = await harness.granted('a/again');
  const uid = (await harness.router('a/again'))?.metadata.uid ?? '';
  const { index } = await harness.allocated('a/down');
  await until('it is a peer', async () => (await harness.peers(index)).includes('again'));
  await harness.stopController();
  await removed('routers', 'a/again');
  await harness.addRouter('a/again', { tenant: 'down' });
  await harness.startController();
  expect(await harness.granted('a/again')).toEqual(before);
  await until('the gateway knows the new uid', async () => {
    const text = (await harness.handedOver('configmaps', `tunnel-${index}-peers-1`))?.['peers.conf'];
    return !text?.includes(uid) && text?.includes((await harness.router('a/again'))?.metadata.uid ?? '-');
  });
});

describe('a TenantTunnel deleted while Routers live', () => {
  test('who name the tenant: it comes back with the same numbers, and the handover is never without them', async () => {
    await harness.addRouter('a/t1', { tenant: 'phoenix' });
    await harness.addRouter('b/t2', { tunnelRef: { namespace: 'a', name: 'phoenix' } });
    const before = await harness.granted('a/t1');
    const given = await harness.allocated('a/phoenix');
    await until('it is a peer', async () => (await harness.peers(given.index)).join() === 't1');
    const uid = (await harness.tunnel('a/phoenix'))?.metadata.uid;
    const watched = await watchPeers(given.index);
    await removed('tenanttunnels', 'a/phoenix');
    await until('it is back', async () => {
      const now = (await harness.tunnel('a/phoenix'))?.metadata.uid;
      return now !== undefined && now !== uid;
    });
    expect(await harness.allocated('a/phoenix')).toEqual(given);
    await until('the gateway knows its new uid', async () => {
      const now = (await harness.tunnel('a/phoenix'))?.metadata.uid ?? '-';
      return (await harness.handedOver('configmaps', `tunnel-${given.index}`))?.['tunnel.json']?.includes(
        now,
      );
    });
    expect(await harness.granted('a/t1')).toEqual(before);
    expect(await watched.stop()).toEqual([]);
  });

  test('who name it: they say so, and get the very same back when it is made again', async () => {
    await harness.addTunnel('a/named', { allowedNamespaces: ['b'] });
    await harness.addRouter('a/n1', { tunnelRef: { name: 'named' } });
    await harness.addRouter('b/n2', { tunnelRef: { namespace: 'a', name: 'named' } });
    const before = [await harness.granted('a/n1'), await harness.granted('b/n2')];
    const given = await harness.allocated('a/named');
    await removed('tenanttunnels', 'a/named');
    for (const key of ['a/n1', 'b/n2']) {
      await harness.untilReady('routers', key, 'TunnelNotFound');
      expect((await harness.router(key))?.status?.script).toBeUndefined();
    }
    await until('nothing is handed over', async () => (await handedOver(given.index)).length === 0);
    // Its numbers stay taken meanwhile.
    await harness.addTunnel('a/newcomer');
    expect((await harness.allocated('a/newcomer')).index).not.toBe(given.index);
    await harness.addTunnel('a/named', { allowedNamespaces: ['b'] });
    expect(await harness.allocated('a/named')).toEqual(given);
    expect([await harness.granted('a/n1'), await harness.granted('b/n2')]).toEqual(before);
    await until('both are peers', async () => (await harness.peers(given.index)).length === 2);
  });

  test('whom nothing was given yet: the tunnel goes when the last of them does', async () => {
    await harness.addTunnel('a/last');
    const { index } = await harness.allocated('a/last');
    await harness.addRouter('b/outsider', { tenant: 'last' });
    await harness.untilReady('routers', 'b/outsider', 'NamespaceNotAllowed');
    await removed('tenanttunnels', 'a/last');
    // Its own namespace now.
    expect(await harness.granted('b/outsider')).toMatchObject({ tunnel: 'b/last' });
    expect((await harness.allocated('b/last')).index).toBe(index);
    await removed('routers', 'b/outsider');
    await removed('tenanttunnels', 'b/last');
    await until('it is released', async () => (await ledgerTunnel(index, 'last'))?.releasedAt !== undefined);
    await until('nothing is handed over', async () => (await handedOver(index)).length === 0);
  });
});

test('without a quarantine a deleted tunnel is forgotten at once, with its blocks, and its index is given again', async () => {
  await harness.addTunnel('a/fleeting', { className: 'no-quarantine' });
  await harness.addRouter('a/fleeting', { tunnelRef: { name: 'fleeting' } });
  const { address } = await harness.granted('a/fleeting');
  const { index } = await harness.allocated('a/fleeting');
  await removed('routers', 'a/fleeting');
  await removed('tenanttunnels', 'a/fleeting');
  await until('its record is gone', async () => (await ledgerTunnel(index, 'fleeting')) === undefined);
  await until('its block is gone', async () => (await ledgerBlock(index)).length === 0);
  await until('nothing is handed over', async () => (await handedOver(index)).length === 0);
  await harness.addRouter('a/heir', { tenant: 'heir' });
  expect(await harness.granted('a/heir')).toMatchObject({ address });
  expect((await harness.allocated('a/heir')).index).toBe(index);
});

describe('a namespace that ends', () => {
  /** As kube-controller-manager's namespace controller, which deletes kind after kind. */
  test.each([
    ['ending', ['tenanttunnels', 'routers']],
    ['ending-2', ['routers', 'tenanttunnels']],
  ])('%s, which deletes %j: all is let go, and nothing is tried for ever', async (namespace, order) => {
    const tenant = `of-${namespace}`;
    const keys = Array.from({ length: 5 }, (_, i) => `${namespace}/r${i}`);
    for (const key of keys) await harness.addRouter(key, { tenant });
    for (const key of keys) await harness.granted(key);
    const { index } = await harness.allocated(`${namespace}/${tenant}`);
    await harness.removeNamespace(namespace);
    const before = harness.logs.length;
    for (const kind of order) {
      if (kind === 'tenanttunnels') await removed('tenanttunnels', `${namespace}/${tenant}`);
      else for (const key of keys) await removed('routers', key);
      // The namespace controller goes on when a kind has none left.
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await until('its tunnel is released', async () => (await ledgerTunnel(index, tenant))?.releasedAt);
    await until('its addresses are released', async () =>
      (await ledgerBlock(index)).every(({ releasedAt }) => releasedAt !== undefined),
    );
    await until('nothing is handed over', async () => (await handedOver(index)).length === 0);
    expect(harness.logs.slice(before).filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  });
});

test('a hundred Routers made and deleted at once leave nothing behind and disturb nobody', async () => {
  await harness.addTunnel('a/storm', { className: 'no-grace' });
  await harness.addRouter('a/calm', { tenant: 'storm' });
  const calm = await harness.granted('a/calm');
  const { index } = await harness.allocated('a/storm');
  const keys = Array.from({ length: 100 }, (_, i) => `b/storm-${i}`);
  await harness.patch(harness.path('tenanttunnels', 'a/storm'), { spec: { allowedNamespaces: ['b'] } });
  await Promise.all(
    keys.map(async (key, i) => {
      await harness.addRouter(key, { tunnelRef: { namespace: 'a', name: 'storm' } });
      // Some before they are seen, some in the middle, some when all is done.
      if (i % 3 === 1) await new Promise((resolve) => setTimeout(resolve, 20 * (i % 10)));
      if (i % 3 === 2) await harness.granted(key);
      await removed('routers', key);
    }),
  );
  await until('only the calm one is a peer', async () => (await harness.peers(index)).join() === 'calm');
  await until('all others are released', async () =>
    (await ledgerBlock(index)).every(
      ({ owner, releasedAt }) => owner === 'a/calm' || releasedAt !== undefined,
    ),
  );
  expect(JSON.stringify((await ledgerBlock(index)).filter(({ owner }) => owner !== 'a/calm'))).not.toMatch(
    /privateKey|password/,
  );
  expect(await harness.granted('a/calm')).toEqual(calm);
  const access = await harness.handedOver('secrets', `tunnel-${index}-access-1`);
  expect(Object.keys(access ?? {})).toEqual([calm.address]);
});

/** Looks for a state of the handover without the peers that are there now; answers what it saw. */
async function watchPeers(index: unknown): Promise<{ stop: () => Promise<string[]> }> {
  const path = `/api/v1/namespaces/tenant-tunnel-gateways/configmaps/tunnel-${index}-peers-1`;
  const read = async () => (await harness.plane.request('GET', path)).text;
  const keys = [...(await read()).matchAll(/PublicKey = ([^\\]+)/g)].map(([, key]) => String(key));
  expect(keys).not.toEqual([]);
  const seen: string[] = [];
  let running = true;
  const watching = (async () => {
    while (running) {
      const text = await read();
      if (!keys.every((key) => text.includes(key))) seen.push(text);
    }
  })();
  return {
    stop: async () => {
      running = false;
      await watching;
      return seen;
    },
  };
}
