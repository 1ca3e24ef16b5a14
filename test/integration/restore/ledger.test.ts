/** Drill 3: the ledger is lost, or out of a backup that is older than the last routers and tunnels. */
import { jest } from '@jest/globals';
import { ControllerHarness, until } from '../controller/harness.ts';
import { buildFleet, NAMESPACES, routersIn } from './fleet.ts';
import { changes, expectNothingChanged, type Given, givenNow } from './given.ts';
import { loseStatuses } from './lose-statuses.ts';
import { PeerWatch } from './peer-watch.ts';
import { type Backup, backUp, removeAll, restore } from './velero.ts';

jest.setTimeout(240_000);

const SYSTEM = 'tenant-tunnel-system';
/** Came after the backup. */
const LATE = [
  'isp/late-1',
  'isp/late-2',
  'hotspots/late-3',
  'isp/late-own',
  'brand-new/first',
  'brand-new/second',
];

let harness: ControllerHarness;
let older: Backup;
let before: Given;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await buildFleet(harness);
  older = await backUp(harness.plane, [SYSTEM]);
  await harness.addNamespace('brand-new');
  NAMESPACES.push('brand-new');
  const { publicKey } = (await harness.router('isp/own-0'))?.spec ?? {};
  await harness.delete(harness.path('routers', 'isp/own-0'));
  await until('it is gone', async () => !(await harness.peers(0)).includes('own-0'));
  const late: Record<string, object> = {
    'isp/late-own': { tenant: 'isp', publicKey },
    'hotspots/late-3': { tunnelRef: { name: 'town' } },
  };
  for (const key of LATE) await harness.addRouter(key, { ...(late[key] ?? { tenant: key.split('/')[0] }) });
  for (const key of LATE) await harness.granted(key);
  before = await givenNow(harness);
});
afterAll(() => harness?.stop());

const ledgerOnly = ({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith('ledger-');

async function loseLedger(): Promise<void> {
  const now = await backUp(harness.plane, [SYSTEM]);
  const secrets = (now.get('secrets') ?? []).filter(ledgerOnly);
  await removeAll(harness.plane, new Map([['secrets', secrets]]), ['secrets']);
}

const recovered = async () =>
  (await routersIn(harness)).flatMap(({ metadata, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === 'Allocated');
    return condition?.reason === 'Recovered'
      ? [[`${metadata.namespace}/${metadata.name}`, condition] as const]
      : [];
  });

test('out of an older backup: the last routers keep what they have, say so, and their peers are there all the time', async () => {
  const scripts = Object.fromEntries(
    (await routersIn(harness)).map(({ metadata, status }) => [metadata.name, status?.script]),
  );
  await harness.stopController();
  await loseLedger();
  await restore(harness.plane, older, { order: ['secrets'], only: ledgerOnly });
  const watch = await PeerWatch.start(harness);
  // In the same moment a newcomer, who must not get what one of the last has.
  await harness.addRouter('isp/newcomer', { tenant: 'isp' });
  await harness.startController();
  const newcomer = await harness.granted('isp/newcomer');
  expect(Object.values(before.addresses)).not.toContain(newcomer.address);
  await harness.delete(harness.path('routers', 'isp/newcomer'));
  await until('the newcomer is gone', async () => !(await harness.peers(0)).includes('newcomer'));
  await expectNothingChanged(harness, before);
  expect(await watch.stop()).toEqual([]);
  const said = new Map(await recovered());
  expect([...said.keys()].sort()).toEqual([...LATE].sort());
  const { address, tunnel } = (await harness.router('isp/late-1'))?.status ?? {};
  expect(said.get('isp/late-1')).toMatchObject({
    status: 'True',
    message: expect.stringMatching(
      new RegExp(
        `^Address ${address} in tunnel ${tunnel}\\. The ledger was older than this router, .* nothing has to be done in the field\\.$`,
      ),
    ),
  });
  const scriptsAfter = Object.fromEntries(
    (await routersIn(harness)).map(({ metadata, status }) => [metadata.name, status?.script]),
  );
  expect(changes(scripts, scriptsAfter)).toEqual([]);
  const events = (await harness.plane.request('GET', '/apis/events.k8s.io/v1/events')).json().items;
  const told = events.filter(({ reason }: { reason: string }) => reason === 'LedgerRecovered');
  expect(told.map(({ regarding }: { regarding: { name: string } }) => regarding.name).sort()).toEqual([
    'brand-new',
    'isp',
    'town',
  ]);
});

test('started again, with all in order: nothing is taken over, nothing is written', async () => {
  await harness.stopController();
  const writes = await harness.writes();
  await harness.startController();
  await givenNow(harness);
  expect(await harness.writes()).toEqual(writes);
});

test.each([
  ['all of it', () => true],
  ['the tunnels', (name: string) => name === 'ledger-tunnels'],
  ['the addresses', (name: string) => name !== 'ledger-tunnels'],
])('lost, %s: nothing changes for any router', async (_what, isLost) => {
  await harness.stopController();
  const now = await backUp(harness.plane, [SYSTEM]);
  const lost = (now.get('secrets') ?? []).filter(
    ({ metadata }) => ledgerOnly({ metadata }) && isLost(metadata.name),
  );
  const watch = await PeerWatch.start(harness);
  await removeAll(harness.plane, new Map([['secrets', lost]]), ['secrets']);
  await harness.startController();
  await expectNothingChanged(harness, before);
  expect(await watch.stop()).toEqual([]);
});

test('out of an older backup, and all statuses lost: the same, but a script of the last must be asked for', async () => {
  await harness.stopController();
  await loseLedger();
  await restore(harness.plane, older, { order: ['secrets'], only: ledgerOnly });
  await loseStatuses(harness);
  const watch = await PeerWatch.start(harness);
  await harness.startController();
  await expectNothingChanged(harness, before);
  expect(await watch.stop()).toEqual([]);
  const { status } = (await harness.router('isp/late-1')) ?? {};
  expect(status?.script).toBeUndefined();
  expect(harness.condition(await harness.router('isp/late-1'), 'Allocated')?.message).toMatch(
    /nothing has to be done in the field\. Its private key is known to the router alone: spec\.script\.renew asks for a new script\.$/,
  );
  // Its manifest has the key: nothing is lost of it.
  expect((await harness.router('isp/late-own'))?.status?.script).toBeDefined();
  await harness.delete(harness.path('routers', 'isp/late-1'));
  await until('it is gone', async () => !(await harness.peers(0)).includes('late-1'));
  await harness.addRouter('isp/late-1', { tenant: 'isp' });
  const again = await harness.granted('isp/late-1');
  expect(again.address).toBe(before.addresses['isp/late-1']);
  expect(again.publicKey).not.toBe(before.keys['isp/late-1']);
  before = await givenNow(harness);
});

test('all of it, and all statuses: only suspended routers, whom no gateway has, must be set up again', async () => {
  await harness.stopController();
  await loseLedger();
  await loseStatuses(harness);
  await harness.startController();
  await until('all are served', async () =>
    (await routersIn(harness)).every(({ status }) => status?.address !== undefined),
  );
  const after = await givenNow(harness);
  const isSuspended = (name: string): boolean => /cut-|q0/.test(name);
  expect(changes(before.addresses, after.addresses).filter((name) => !isSuspended(name))).toEqual([]);
  expect(changes(before.keys, after.keys).filter((name) => !isSuspended(name))).toEqual([]);
  expect(changes(before.tunnels, after.tunnels)).toEqual([]);
  before = after;
});

test('put back while the controller works: what it knows is newer and is written again', async () => {
  const secrets = (older.get('secrets') ?? []).filter(ledgerOnly);
  for (const { metadata, data } of secrets) {
    const annotations = metadata.annotations as Record<string, string>;
    await harness.patch(`/api/v1/namespaces/${SYSTEM}/secrets/${metadata.name}`, {
      metadata: { annotations },
      data,
    });
  }
  await expectNothingChanged(harness, before);
  await harness.stopController();
  await harness.startController();
  await expectNothingChanged(harness, before);
});
