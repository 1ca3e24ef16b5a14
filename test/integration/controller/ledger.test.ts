/** The ledger touched by hand: a tunnel that cannot be read stops changing and says so; its traffic goes on. */
import { jest } from '@jest/globals';
import { ControllerHarness, SYSTEM, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
let before: Awaited<ReturnType<typeof everything>>;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addClass('standard');
  await harness.addNode('node-1');
  await harness.startController();
  for (const tenant of ['one', 'two']) {
    await harness.addRouter(`a/${tenant}`, { tenant });
    // The numbers of tunnels go by who is first.
    await harness.allocated(`a/${tenant}`);
  }
  before = await everything();
});
afterAll(() => harness?.stop());

const ledgerPath = (name: string) => `/api/v1/namespaces/${SYSTEM}/secrets/${name}`;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const edit = (name: string, data: Record<string, string | null>) =>
  harness.patch(ledgerPath(name), {
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, text && base64(text)])),
  });
const stored = async (name: string) => (await harness.handedOver('secrets', name, SYSTEM)) ?? {};

async function everything() {
  const routers = { one: await harness.granted('a/one'), two: await harness.granted('a/two') };
  const tunnels = { one: await harness.allocated('a/one'), two: await harness.allocated('a/two') };
  for (const { index } of Object.values(tunnels)) {
    await until('all is handed over', async () => (await harness.peers(index)).length === 1);
    await until('its block is listed', async () =>
      (await harness.handedOver('configmaps', `tunnel-${index}`))?.['tunnel.json']?.includes('"blocks": [\n'),
    );
  }
  return { routers, tunnels, handedOver: await harness.allHandedOver() };
}

/** With the controller running, and started again: what is handed over stays word for word. */
async function whileUnreadable(check: () => Promise<void>): Promise<void> {
  await check();
  expect(await harness.allHandedOver()).toEqual(before.handedOver);
  await harness.stopController();
  await harness.startController();
  await check();
  // Something that the controller does after all that it found when it began to lead.
  await harness.plane.request('DELETE', '/api/v1/namespaces/tenant-tunnel-gateways/configmaps/stray');
  expect(await harness.allHandedOver()).toEqual(before.handedOver);
}

test.each([
  [
    'of a newer version',
    { format: '9' },
    /was written by a newer version of the operator \(format 9, this one/,
  ],
  ['with a key of no tunnel', { nonsense: 'x' }, /cannot be read \(.*\); restore it from a backup\./],
])(
  'the tunnels %s: all say so, nothing that is handed over changes, also over a restart',
  async (_, data, saying) => {
    const good = await stored('ledger-tunnels');
    const field = Object.keys(data)[0] ?? '';
    await edit('ledger-tunnels', data);
    await whileUnreadable(async () => {
      for (const name of ['one', 'two']) {
        const message = await harness.untilReady('tenanttunnels', `a/${name}`, 'LedgerUnreadable');
        expect(message).toMatch(/^The ledger Secret ledger-tunnels /);
        expect(message).toMatch(saying);
        expect((await harness.router(`a/${name}`))?.status).toMatchObject({ phase: 'AwaitingConnection' });
      }
    });
    await harness.addRouter('a/newcomer', { tenant: 'three' });
    await harness.untilReady('routers', 'a/newcomer', 'LedgerUnreadable');
    // Deleted meanwhile: done when the ledger can be read again.
    await edit('ledger-tunnels', { [field]: good[field] ?? null });
    await harness.granted('a/newcomer');
    for (const name of ['one', 'two']) await harness.untilReady('tenanttunnels', `a/${name}`, 'Pending');
    expect((await everything()).routers).toEqual(before.routers);
    expect((await everything()).tunnels).toEqual(before.tunnels);
    await harness.delete(harness.path('routers', 'a/newcomer'));
    await harness.delete(harness.path('tenanttunnels', 'a/three'));
    await until(
      'it is gone',
      async () => JSON.stringify(await harness.allHandedOver()) === JSON.stringify(before.handedOver),
    );
  },
);

test('one record of the tunnels: that tunnel alone says so, also over a restart, and others are made beside it', async () => {
  const good = (await stored('ledger-tunnels'))['0.one'] ?? '';
  await edit('ledger-tunnels', { '0.one': 'oops' });
  await whileUnreadable(async () => {
    const message = await harness.untilReady('tenanttunnels', 'a/one', 'LedgerUnreadable');
    expect(message).toContain('ledger-tunnels, key 0.one');
    expect(message).not.toContain('oops');
    expect(harness.condition(await harness.tunnel('a/two'), 'Ready')?.reason).toBe('Pending');
    expect(await harness.allocated('a/one')).toEqual(before.tunnels.one);
  });
  await harness.addRouter('a/beside', { tenant: 'beside' });
  const beside = await harness.granted('a/beside');
  expect(beside.address).not.toBe(before.routers.one.address);
  // Deleted while its tunnel cannot be read: let go once it can.
  await edit('ledger-tunnels', { '0.one': good });
  await harness.untilReady('tenanttunnels', 'a/one', 'Pending');
  expect(await harness.granted('a/one')).toEqual(before.routers.one);
});

test('a Router deleted while its tunnel cannot be read is let go once it can', async () => {
  await harness.addRouter('a/leaving', { tenant: 'one' });
  await harness.granted('a/leaving');
  await until('both are peers', async () => (await harness.peers(0)).length === 2);
  const good = (await stored('ledger-tunnels'))['0.one'] ?? '';
  await edit('ledger-tunnels', { '0.one': 'oops' });
  await harness.untilReady('tenanttunnels', 'a/one', 'LedgerUnreadable');
  await harness.stopController();
  await harness.delete(harness.path('routers', 'a/leaving'));
  await harness.startController();
  await until('it leads', () => harness.logs.filter((line) => line.startsWith('info leading')).length > 1);
  expect(await harness.peers(0)).toHaveLength(2);
  await edit('ledger-tunnels', { '0.one': good });
  await until('its peer is gone', async () => (await harness.peers(0)).join() === 'one');
});

test('the tunnels deleted while the controller is down: they are taken over from the gateways', async () => {
  const good = await stored('ledger-tunnels');
  await harness.stopController();
  await harness.delete(ledgerPath('ledger-tunnels'));
  await harness.startController();
  await until('it is there again', async () => (await stored('ledger-tunnels'))['0.one'] !== undefined);
  // The gateways have nothing of one in quarantine.
  const live = Object.entries(good).filter(([, text]) => !text.includes('releasedAt'));
  expect(await stored('ledger-tunnels')).toEqual(Object.fromEntries(live));
  expect(await harness.granted('a/one')).toEqual(before.routers.one);
  expect(await harness.allocated('a/one')).toEqual(before.tunnels.one);
});

test('the same, and the key of one at the gateways: nothing is given anew until they are restored', async () => {
  const good = await stored('ledger-tunnels');
  await harness.stopController();
  await harness.delete(ledgerPath('ledger-tunnels'));
  await harness.delete('/api/v1/namespaces/tenant-tunnel-gateways/secrets/tunnel-1');
  const labels = { 'vpn.traidnet.io/part': 'ledger' };
  await harness.startController();
  const message = await harness.untilReady('tenanttunnels', 'a/one', 'LedgerUnreadable');
  expect(message).toMatch(/it is missing, although addresses of tunnels are recorded/);
  await harness.addRouter('a/late', { tenant: 'one' });
  await harness.untilReady('routers', 'a/late', 'LedgerUnreadable');
  expect((await harness.allHandedOver())['configmaps/tunnel-0']).toEqual(
    before.handedOver['configmaps/tunnel-0'],
  );
  expect(await stored('ledger-tunnels')).toEqual({});
  await harness.create(`/api/v1/namespaces/${SYSTEM}/secrets`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'ledger-tunnels', labels },
    data: Object.fromEntries(Object.entries(good).map(([key, text]) => [key, base64(text)])),
  });
  await harness.granted('a/late');
  expect(await harness.granted('a/one')).toEqual(before.routers.one);
  expect(await harness.allocated('a/one')).toEqual(before.tunnels.one);
});

describe('our objects without the labels by which we find them', () => {
  const strip = { metadata: { labels: null } };
  const hasLabels = async (path: string) =>
    (await harness.plane.request('GET', path)).json().metadata.labels?.['vpn.traidnet.io/part'] !== undefined;

  test.each(['ledger-tunnels', 'ledger-tunnel-0-block-1'])(
    'the ledger Secret %s gets them back',
    async (name) => {
      const data = await stored(name);
      await harness.patch(ledgerPath(name), strip);
      await until('it has its labels', () => hasLabels(ledgerPath(name)));
      await harness.stopController();
      await harness.patch(ledgerPath(name), strip);
      await harness.startController();
      await until('it has its labels', () => hasLabels(ledgerPath(name)));
      expect(await stored(name)).toEqual(data);
      expect(await harness.granted('a/one')).toEqual(before.routers.one);
    },
  );

  test.each([
    'configmaps/tunnel-0',
    'configmaps/tunnel-0-peers-1',
    'secrets/tunnel-0',
    'secrets/tunnel-0-access-1',
  ])('%s of the handover gets them back', async (object) => {
    const path = `/api/v1/namespaces/tenant-tunnel-gateways/${object}`;
    const { data } = (await harness.plane.request('GET', path)).json();
    await harness.patch(path, strip);
    await until('it has its labels', () => hasLabels(path));
    expect((await harness.plane.request('GET', path)).json().data).toEqual(data);
  });
});
