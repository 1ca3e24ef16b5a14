/** Routers that were set up before this operator came move in with their addresses, keys, subnet and port. */
import { jest } from '@jest/globals';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { ControllerHarness, until } from '../controller/harness.ts';
import { loseStatuses } from './lose-statuses.ts';

jest.setTimeout(240_000);

interface Manifest {
  key: string;
  spec: { tenant: string; address?: string; publicKey?: string };
}

/** Every second address from the first on: those that Routers without a pin would be given next. */
const pinned = (tenant: string, prefix: string, count: number): Manifest[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `a/${tenant}-old-${i}`,
    spec: {
      tenant,
      address: `${prefix}.${1 + (i % 2)}.${1 + 2 * i}`,
      publicKey: generateKeyPair().publicKey,
    },
  }));
const plain = (tenant: string, count: number): Manifest[] =>
  Array.from({ length: count }, (_, i) => ({ key: `a/${tenant}-new-${i}`, spec: { tenant } }));

/** In an order that is none, and always the same. */
const mixed = (list: readonly Manifest[]): Manifest[] =>
  list
    .map((one, i) => ({ one, at: (i * 7919) % 101 }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);

let harness: ControllerHarness;
let others: Awaited<ReturnType<typeof given>>;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await harness.addNamespace('a');
  await harness.addNode('node-1');
  await harness.addClass('standard');
  await harness.startController();
  for (const { key, spec } of plain('settled', 10)) await harness.addRouter(key, spec);
  await untilServed(10);
  others = await given('settled');
});
afterAll(() => harness?.stop());

const given = async (tenant: string) =>
  (await harness.routers('a'))
    .filter(({ spec }) => spec.tenant === tenant)
    .map(({ metadata, status }) => [metadata.name, status?.address, status?.publicKey, status?.script]);

async function untilServed(count: number): Promise<void> {
  await until(`${count} Routers are served`, async () => {
    const all = await harness.routers('a');
    return all.filter(({ status }) => status?.script !== undefined).length === count;
  });
}

async function expectPins(manifests: readonly Manifest[]): Promise<void> {
  for (const { key, spec } of manifests.filter((one) => one.spec.address !== undefined)) {
    const { address, publicKey } = (await harness.router(key))?.status ?? {};
    expect([key, address, publicKey]).toEqual([key, spec.address, spec.publicKey]);
  }
}

async function expectNoTwoAlike(tenant: string): Promise<void> {
  const all = await given(tenant);
  for (const column of [1, 2]) expect(new Set(all.map((row) => row[column])).size).toBe(all.length);
}

const fleet = [...pinned('isp', '10.133', 25), ...plain('isp', 30)];

test('all applied while the controller is away, in any order: who pins has what it pins, nobody else is touched', async () => {
  await harness.stopController();
  for (const { key, spec } of mixed(fleet)) await harness.addRouter(key, spec);
  await harness.addTunnel('a/isp', { subnet: '10.133.0.0/16', listenPort: 61_000 });
  await harness.startController();
  await untilServed(10 + fleet.length);
  expect(await harness.allocated('a/isp')).toMatchObject({ subnet: '10.133.0.0/16', listenPort: 61_000 });
  await expectPins(fleet);
  await expectNoTwoAlike('isp');
  expect(await given('settled')).toEqual(others);
});

test('further ones moved in among others while it works: those that are free are theirs, what is given stays', async () => {
  const before = await given('isp');
  const late = [...pinned('isp', '10.133', 60).slice(40), ...plain('isp', 5)].map(({ key, spec }) => ({
    key: `${key}-late`,
    spec: { ...spec, ...(spec.address && { address: spec.address.replace(/^10\.133\.\d/, '10.133.9') }) },
  }));
  await Promise.all(mixed(late).map(({ key, spec }) => harness.addRouter(key, spec)));
  await untilServed(10 + fleet.length + late.length);
  await expectPins(late);
  await expectNoTwoAlike('isp');
  expect(await given('isp')).toEqual(expect.arrayContaining(before));
  expect(await given('settled')).toEqual(others);
});

test('one that comes too late for its address is told who has it, and that one is not touched', async () => {
  const [holder] = (await harness.routers('a')).filter(({ metadata }) => metadata.name === 'isp-new-0');
  const address = holder?.status?.address;
  await harness.addRouter('a/too-late', { tenant: 'isp', address });
  expect(await harness.untilReady('routers', 'a/too-late', 'AddressTaken')).toBe(
    `Address ${address} belongs to Router a/isp-new-0; pin another one.`,
  );
  expect((await harness.router('a/isp-new-0'))?.status).toEqual(holder?.status);
  await harness.delete(harness.path('routers', 'a/too-late'));
});

test('what was pinned is recorded: it stays when the manifests come again without pins, and with all statuses lost', async () => {
  const before = (await given('isp')).map(([name, address]) => [name, address]);
  const tunnel = await harness.allocated('a/isp');
  await harness.stopController();
  const all = (await harness.routers('a')).filter(({ spec }) => spec.tenant === 'isp');
  for (const { metadata } of all) await harness.delete(harness.path('routers', `a/${metadata.name}`));
  await harness.delete(harness.path('tenanttunnels', 'a/isp'));
  for (const { metadata, spec } of all) {
    const { publicKey } = spec;
    await harness.addRouter(`a/${metadata.name}`, { tenant: 'isp', ...(publicKey && { publicKey }) });
  }
  await harness.addTunnel('a/isp');
  await harness.startController();
  await untilServed(10 + all.length);
  const after = (await given('isp')).map(([name, address]) => [name, address]);
  expect(after).toEqual(before);
  expect(await harness.allocated('a/isp')).toEqual(tunnel);
  await harness.stopController();
  await loseStatuses(harness);
  await harness.startController();
  await untilServed(10 + all.length);
  expect((await given('isp')).map(([name, address]) => [name, address])).toEqual(before);
});
