import { jest } from '@jest/globals';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { ControllerHarness, SYSTEM, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['acme', 'ten', 'life', 'crowd']) await harness.addNamespace(namespace);
  await harness.addClass('standard');
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

const peersOf = async (index: number, block: number) =>
  parsePeers(
    (await harness.handedOver('configmaps', `tunnel-${index}-peers-${block}`))?.['peers.conf'] ?? '',
  );

const served = (key: string) =>
  until(`${key} has its script`, async () => (await harness.router(key))?.status?.script !== undefined);

describe('a Router of a new tenant', () => {
  test('gets its tunnel, address and script; the gateway gets peer, key and log-in', async () => {
    await harness.addRouter('acme/branch-1', { tenant: 'acme' });
    await served('acme/branch-1');
    const router = await harness.router('acme/branch-1');
    expect(router?.status).toMatchObject({
      phase: 'AwaitingConnection',
      address: '10.100.1.1',
      tunnel: 'acme/acme',
      observedGeneration: 1,
    });
    expect(harness.condition(router, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'AwaitingConnection',
    });
    const script = router?.status?.script ?? '';
    expect(script).toContain('10.100.1.1');
    await until(
      'the tunnel is placed',
      async () => (await harness.tunnel('acme/acme'))?.status?.gateway === 'node-1',
    );
    const tunnel = await harness.tunnel('acme/acme');
    expect(tunnel?.status).toMatchObject({
      index: 0,
      interfaceName: 'wg0',
      subnet: '10.100.0.0/16',
      serverAddress: '10.100.0.1',
      listenPort: 51_820,
      endpoint: 'vpn.example.com:51820',
    });
    await until('the peer is handed over', async () => (await peersOf(0, 1)).length === 1);
    const [peer] = await peersOf(0, 1);
    expect(peer).toMatchObject({
      namespace: 'acme',
      name: 'branch-1',
      address: '10.100.1.1',
      publicKey: router?.status?.publicKey,
      allowedIPs: ['10.100.1.1/32'],
    });
    const handover = JSON.parse(
      (await harness.handedOver('configmaps', 'tunnel-0'))?.['tunnel.json'] ?? '{}',
    );
    expect(handover).toMatchObject({ interfaceName: 'wg0', publicKey: tunnel?.status?.publicKey });
    await until('the block is listed', async () => {
      const data = await harness.handedOver('configmaps', 'tunnel-0');
      return JSON.parse(data?.['tunnel.json'] ?? '{}').blocks?.includes(1);
    });
    const access = JSON.parse(
      (await harness.handedOver('secrets', 'tunnel-0-access-1'))?.['10.100.1.1'] ?? '{}',
    );
    expect(access).toMatchObject({ user: 'tenant-tunnel', apiPort: 8728 });
    expect(script).toContain(access.password);
  });

  test('a hundred of one new tenant at once share one tunnel and get a hundred addresses, keys and scripts', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `crowd/r${i}`);
    await Promise.all(names.map((key) => harness.addRouter(key, { tenant: 'crowd' })));
    await until(
      'all have scripts',
      async () => (await harness.routers('crowd')).filter(({ status }) => status?.script).length === 100,
    );
    const statuses = (await harness.routers('crowd')).map(({ status }) => status);
    for (const field of ['address', 'publicKey', 'script'] as const) {
      expect(new Set(statuses.map((status) => status?.[field])).size).toBe(100);
    }
    expect(new Set(statuses.map((status) => status?.tunnel))).toEqual(new Set(['crowd/crowd']));
    const mine = (await harness.tunnels()).filter(({ metadata }) => metadata.namespace === 'crowd');
    expect(mine).toHaveLength(1);
    const index = mine[0]?.status?.index ?? -1;
    await until('all peers are handed over', async () => (await peersOf(index, 1)).length === 100);
  });

  test('ten tenants at once get ten indices, ports and subnets', async () => {
    const tenants = Array.from({ length: 10 }, (_, i) => `tenant-${i}`);
    await Promise.all(tenants.map((tenant) => harness.addRouter(`ten/${tenant}`, { tenant })));
    await until(
      'all have scripts',
      async () => (await harness.routers('ten')).filter(({ status }) => status?.script).length === 10,
    );
    const tunnels = (await harness.tunnels()).filter(({ metadata }) => metadata.namespace === 'ten');
    for (const field of ['index', 'listenPort', 'subnet', 'publicKey'] as const) {
      expect(new Set(tunnels.map(({ status }) => status?.[field])).size).toBe(10);
    }
  });
});

describe('the life of a router', () => {
  test('suspended takes its peer away and brings the very same back', async () => {
    await harness.addRouter('life/susp', { tenant: 'life' });
    await served('life/susp');
    const before = (await harness.router('life/susp'))?.status;
    const index = (await harness.tunnel('life/life'))?.status?.index ?? -1;
    await until('the peer is there', async () => (await peersOf(index, 1)).length === 1);
    const [peer] = await peersOf(index, 1);
    await harness.patch(harness.path('routers', 'life/susp'), { spec: { suspended: true } });
    await until('the peer is gone', async () => (await peersOf(index, 1)).length === 0);
    await until(
      'the status says so',
      async () => (await harness.router('life/susp'))?.status?.phase === 'Suspended',
    );
    await harness.patch(harness.path('routers', 'life/susp'), { spec: { suspended: false } });
    await until('the peer is back', async () => (await peersOf(index, 1)).length === 1);
    expect((await peersOf(index, 1))[0]).toEqual(peer);
    await until(
      'it waits again',
      async () => (await harness.router('life/susp'))?.status?.phase === 'AwaitingConnection',
    );
    const {
      conditions: _a,
      observedGeneration: _b,
      ...after
    } = (await harness.router('life/susp'))?.status ?? {};
    const { conditions: _c, observedGeneration: _d, ...first } = before ?? {};
    expect(after).toEqual(first);
  });

  test('deleted, its peer goes, its secrets go after the grace, and its address stays taken for the quarantine', async () => {
    await harness.patch(harness.classPath('standard'), { spec: { restoreGraceSeconds: 1 } });
    await harness.addRouter('life/gone', { tenant: 'life' });
    await harness.addRouter('life/stays', { tenant: 'life' });
    await served('life/gone');
    await served('life/stays');
    const gone = (await harness.router('life/gone'))?.status;
    const index = (await harness.tunnel('life/life'))?.status?.index ?? -1;
    const block = () => harness.handedOver('secrets', `ledger-tunnel-${index}-block-1`, SYSTEM);
    const entry = () =>
      block().then((data) =>
        JSON.parse(data?.['block.json'] ?? '[]').find((one: { owner: string }) => one.owner === 'life/gone'),
      );
    const { privateKey, access } = await entry();
    await harness.delete(harness.path('routers', 'life/gone'));
    await until(
      'the peer is gone',
      async () => !(await peersOf(index, 1)).some(({ name }) => name === 'gone'),
    );
    await until('its secrets are forgotten', async () => (await entry()).access === undefined);
    expect((await entry()).releasedAt).toBeDefined();
    expect(JSON.stringify(await block())).not.toContain(privateKey);
    expect(JSON.stringify(await block())).not.toContain(access.password);
    expect(await harness.handedOver('secrets', `tunnel-${index}-access-1`)).not.toHaveProperty([
      gone?.address ?? '',
    ]);
    await harness.addRouter('life/next', { tenant: 'life' });
    await served('life/next');
    expect((await harness.router('life/next'))?.status?.address).not.toBe(gone?.address);
  });

  test('a controller that starts again changes nothing and writes nothing', async () => {
    const settled = async () => {
      let before: Record<string, number> = {};
      await until('writes have stopped', async () => {
        const now = await harness.writes();
        const still = JSON.stringify(now) === JSON.stringify(before);
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 700));
        return still;
      });
      return before;
    };
    const before = await settled();
    await harness.stopController();
    await harness.startController();
    await until('it leads', () => harness.logs.filter((line) => line.includes('info leading')).length === 2);
    expect(await settled()).toEqual(before);
  });
});

describe('our objects touched by hand', () => {
  test.each([
    ['configmaps', 'tunnel-0-peers-1'],
    ['secrets', 'tunnel-0-access-1'],
    ['configmaps', 'tunnel-0'],
    ['secrets', 'tunnel-0'],
  ] as const)('%s %s, edited or deleted, is put right', async (kind, name) => {
    const path = `/api/v1/namespaces/tenant-tunnel-gateways/${kind}/${name}`;
    const before = await harness.handedOver(kind, name);
    expect(Object.keys(before ?? {})).not.toHaveLength(0);
    const [field] = Object.keys(before ?? {});
    await harness.patch(path, { data: { [field ?? '']: null, extra: 'aGFuZA==' } });
    await until(
      'it is mended',
      async () => JSON.stringify(await harness.handedOver(kind, name)) === JSON.stringify(before),
    );
    await harness.delete(path);
    await until(
      'it is back',
      async () => JSON.stringify(await harness.handedOver(kind, name)) === JSON.stringify(before),
    );
  });

  test('a deleted ledger Secret is written again', async () => {
    const before = await harness.handedOver('secrets', 'ledger-tunnel-0-block-1', SYSTEM);
    expect(before).toBeDefined();
    await harness.delete(`/api/v1/namespaces/${SYSTEM}/secrets/ledger-tunnel-0-block-1`);
    await until('it is back', async () => {
      const after = await harness.handedOver('secrets', 'ledger-tunnel-0-block-1', SYSTEM);
      return JSON.stringify(after) === JSON.stringify(before);
    });
  });

  test('a ledger Secret edited into nonsense stops its tunnel alone, which says so, and its peers stay', async () => {
    const peers = await peersOf(0, 1);
    const before = await harness.handedOver('secrets', 'ledger-tunnel-0-block-1', SYSTEM);
    const path = `/api/v1/namespaces/${SYSTEM}/secrets/ledger-tunnel-0-block-1`;
    await harness.patch(path, { data: { 'block.json': Buffer.from('oops').toString('base64') } });
    await until('it is noticed', () => harness.logs.some((line) => line.includes('ledger-tunnel-0-block-1')));
    await harness.addRouter('acme/late', { tenant: 'acme' });
    await until(
      'the newcomer is told',
      async () =>
        harness.condition(await harness.router('acme/late'), 'Ready')?.reason === 'LedgerUnreadable',
    );
    await until(
      'the tunnel says so',
      async () =>
        harness.condition(await harness.tunnel('acme/acme'), 'Ready')?.reason === 'LedgerUnreadable',
    );
    expect(await peersOf(0, 1)).toEqual(peers);
    expect((await harness.router('acme/branch-1'))?.status?.phase).toBe('AwaitingConnection');
    await harness.addRouter('life/other', { tenant: 'life' });
    await served('life/other');
    const text = before?.['block.json'] ?? '';
    await harness.patch(path, { data: { 'block.json': Buffer.from(text).toString('base64') } });
    await served('acme/late');
  });
});
