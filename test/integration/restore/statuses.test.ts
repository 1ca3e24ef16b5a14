/** Drill 2: all statuses are lost, at once or while the controller works. */
import { jest } from '@jest/globals';
import { ControllerHarness } from '../controller/harness.ts';
import { buildFleet, routersIn, say } from './fleet.ts';
import { changes, expectNothingChanged, type Given, givenNow } from './given.ts';
import { loseStatuses } from './lose-statuses.ts';
import { PeerWatch } from './peer-watch.ts';

jest.setTimeout(240_000);

let harness: ControllerHarness;
let before: Given;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await buildFleet(harness);
  before = await givenNow(harness);
});
afterAll(() => harness?.stop());

const scripts = async () =>
  Object.fromEntries(
    (await routersIn(harness)).map(({ metadata, status }) => [metadata.name, status?.script]),
  );

test.each([
  ['while the controller is down', true],
  ['while the controller works', false],
])('%s: all of them are written again, with the same scripts', async (_when, isDown) => {
  const scriptsBefore = await scripts();
  if (isDown) await harness.stopController();
  const watch = await PeerWatch.start(harness);
  expect(await loseStatuses(harness)).toBe(88 + 4 + 2);
  if (isDown) await harness.startController();
  await expectNothingChanged(harness, before);
  expect(await watch.stop()).toEqual([]);
  expect(changes(scriptsBefore, await scripts())).toEqual([]);
});

test('the log-in does not follow a class that was changed since: routers in the field have the old one', async () => {
  for (let i = 0; i < 10; i++) await say(harness, `isp/r${i}`, i % 2 === 0 ? 'Online' : 'Offline');
  await harness.addRouter('isp/waits', { tenant: 'isp' });
  await harness.granted('isp/waits');
  const earlier = await givenNow(harness);
  await harness.patch(harness.classPath('standard'), {
    spec: { router: { managementUser: 'newcomer', apiPort: 9999 } },
  });
  // Who waits for its script to be pasted gets the new one; who has connected, the old one.
  await givenNow(harness);
  await harness.stopController();
  const settled = await givenNow(harness);
  expect(changes(earlier.gateways, settled.gateways)).toEqual(['secrets/tunnel-0-access-1']);
  await loseStatuses(harness);
  await harness.startController();
  await expectNothingChanged(harness, settled);
});
