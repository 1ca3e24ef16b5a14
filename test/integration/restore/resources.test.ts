/** Drill 1: all custom resources are deleted and applied again, with new uids, in whatever order. */
import { jest } from '@jest/globals';
import { ControllerHarness, SYSTEM, until } from '../controller/harness.ts';
import { buildFleet, NAMESPACES } from './fleet.ts';
import { expectNothingChanged, type Given, givenNow } from './given.ts';
import { PeerWatch } from './peer-watch.ts';
import { type Backup, backUp, type Resource, removeAll, restore } from './velero.ts';

jest.setTimeout(240_000);

const OURS = ['routers', 'tenanttunnels', 'tunnelclasses'] as const;
const BACKWARDS = ['tunnelclasses', 'tenanttunnels', 'routers'] as const;
const TUNNELS_LAST = ['tunnelclasses', 'routers', 'tenanttunnels'] as const;

let harness: ControllerHarness;
let before: Given;
let backup: Backup;
let ledger: Backup;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await buildFleet(harness);
  before = await givenNow(harness);
  backup = await backUp(harness.plane, NAMESPACES);
  ledger = await backUp(harness.plane, [SYSTEM]);
});
afterAll(() => harness?.stop());

test('the fleet is what it should be', () => {
  expect(Object.keys(before.addresses)).toHaveLength(88);
  expect(Object.keys(before.tunnels)).toHaveLength(4);
  expect(new Set(Object.values(before.addresses)).size).toBe(88);
});

describe('while the controller is down', () => {
  test.each<[string, readonly Resource[], readonly Resource[]]>([
    ["in Velero's order, without statuses", OURS, []],
    ["in Velero's order, with statuses", OURS, OURS],
    ['backwards, without statuses', BACKWARDS, []],
    ['the tunnels last, with the statuses of Routers', TUNNELS_LAST, ['routers']],
  ])('%s: the drill as it is written down', async (_what, order, statuses) => {
    await harness.stopController();
    const watch = await PeerWatch.start(harness);
    await removeAll(harness.plane, backup, OURS);
    expect(await restore(harness.plane, backup, { order, statuses })).toBe(88 + 4 + 2);
    await harness.startController();
    await expectNothingChanged(harness, before);
    expect(await watch.stop()).toEqual([]);
  });
});

describe('while the controller works', () => {
  test.each<[string, readonly Resource[], readonly Resource[]]>([
    ['backwards', BACKWARDS, OURS],
    ["in Velero's order", OURS, OURS],
    ['the tunnels last', TUNNELS_LAST, OURS],
    ["in Velero's order, deleted backwards", OURS, BACKWARDS],
  ])('restored %s within the grace: the same as well', async (_what, order, deletion) => {
    await removeAll(harness.plane, backup, deletion);
    await until('all peers are gone', async () => {
      const names = Object.keys(await harness.allHandedOver());
      return !names.some((name) => name.includes('-peers-'));
    });
    await restore(harness.plane, backup, { order });
    await expectNothingChanged(harness, before);
  });
});

test('long after the grace: with the ledger from the backup the same, and nobody pastes', async () => {
  for (const name of ['standard', 'quantum'])
    await harness.patch(harness.classPath(name), { spec: { restoreGraceSeconds: 0 } });
  await removeAll(harness.plane, backup, OURS);
  await until('nothing secret is kept', async () => {
    const blocks = (await backUp(harness.plane, [SYSTEM])).get('secrets') ?? [];
    const texts = blocks.map(({ data }) => String((data as Record<string, string>)['block.json'] ?? ''));
    return texts.every((text) => !Buffer.from(text, 'base64').toString().includes('privateKey'));
  });
  await harness.stopController();
  const isLedger = ({ metadata }: { metadata: { name: string } }) => metadata.name.startsWith('ledger-');
  const now = (await backUp(harness.plane, [SYSTEM])).get('secrets') ?? [];
  await removeAll(harness.plane, new Map([['secrets', now.filter(isLedger)]]), ['secrets']);
  await restore(harness.plane, ledger, { order: ['secrets'], only: isLedger });
  await restore(harness.plane, backup, { order: OURS });
  await harness.startController();
  await expectNothingChanged(harness, before);
});
