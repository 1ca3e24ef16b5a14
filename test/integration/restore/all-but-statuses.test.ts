/** Both namespaces are lost with every backup of them; all that is left are the custom resources with their statuses. */
import { jest } from '@jest/globals';
import { ControllerHarness, until } from '../controller/harness.ts';
import { buildFleet, NAMESPACES, routersIn } from './fleet.ts';
import { changes, type Given, givenNow } from './given.ts';
import { backUp, restore } from './velero.ts';

jest.setTimeout(240_000);

const OURS = ['routers', 'tenanttunnels', 'tunnelclasses'] as const;

let second: ControllerHarness;
let before: Given;
beforeAll(async () => {
  const first = await ControllerHarness.start();
  try {
    await buildFleet(first);
    before = await givenNow(first);
    second = await ControllerHarness.start();
    for (const namespace of NAMESPACES) await second.addNamespace(namespace);
    await second.addNode('other-1');
    const backup = await backUp(first.plane, NAMESPACES);
    await restore(second.plane, backup, { order: [...OURS].reverse(), statuses: OURS });
  } finally {
    await first.stop();
  }
});
afterAll(() => second?.stop());

test('addresses and numbers are those of before; the keys are new, and each object says that a script must be pasted', async () => {
  // Who comes now gets nothing of what those have.
  await second.addRouter('isp/newcomer', { tenant: 'isp' });
  await second.addTunnel('msp/newcomer');
  await second.startController();
  await second.granted('isp/newcomer');
  await second.allocated('msp/newcomer');
  await second.delete(second.path('routers', 'isp/newcomer'));
  await second.delete(second.path('tenanttunnels', 'msp/newcomer'));
  const expected = Object.keys(before.addresses).length;
  await until('all have new keys', async () => {
    const keys = Object.entries((await givenNow(second)).keys);
    const own = keys.filter(
      ([name, key]) => key !== undefined && (key !== before.keys[name] || name.includes('own-')),
    );
    return keys.length === expected && own.length === expected;
  });
  const after = await givenNow(second);
  expect(changes(before.addresses, after.addresses)).toEqual([]);
  const numbers = (tunnels: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(tunnels).map(([name, one]) => [name, { ...(one as object), publicKey: undefined }]),
    );
  expect(changes(numbers(before.tunnels), numbers(after.tunnels))).toEqual([]);
  for (const { metadata, status } of await second.tunnels()) {
    expect([metadata.name, second.condition({ status } as never, 'Allocated')]).toEqual([
      metadata.name,
      expect.objectContaining({
        status: 'True',
        reason: 'KeyLost',
        message: expect.stringContaining('its new script'),
      }),
    ]);
  }
  for (const { metadata, spec, status } of await routersIn(second)) {
    if (spec.publicKey !== undefined) continue;
    expect([metadata.name, second.condition({ status } as never, 'Allocated')]).toEqual([
      metadata.name,
      expect.objectContaining({ reason: 'KeyLost', message: expect.stringContaining('paste status.script') }),
    ]);
    expect(status?.script).toContain(String(status?.address));
  }
});

test('started again, nothing changes', async () => {
  const settled = await givenNow(second);
  await second.stopController();
  const writes = await second.writes();
  await second.startController();
  expect(await givenNow(second)).toEqual(settled);
  expect(await second.writes()).toEqual(writes);
});
