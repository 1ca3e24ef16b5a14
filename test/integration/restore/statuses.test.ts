/** Drill 2: all statuses are lost, at once or while the controller works. */
import { jest } from '@jest/globals';
import { ControllerHarness } from '../controller/harness.ts';
import { buildFleet, routersIn } from './fleet.ts';
import { changes, expectNothingChanged, type Given, givenNow } from './given.ts';

jest.setTimeout(240_000);

let harness: ControllerHarness;
let before: Given;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  await buildFleet(harness);
  before = await givenNow(harness);
});
afterAll(() => harness?.stop());

/** Takes away what every manager has ever written to a status. */
async function loseStatuses(): Promise<number> {
  const routers = (await routersIn(harness)).map(({ metadata }) =>
    harness.path('routers', `${metadata.namespace}/${metadata.name}`),
  );
  const tunnels = (await harness.tunnels()).map(({ metadata }) =>
    harness.path('tenanttunnels', `${metadata.namespace}/${metadata.name}`),
  );
  const classes = ['standard', 'quantum'].map((name) => harness.classPath(name));
  for (const path of [...routers, ...tunnels, ...classes]) {
    const answer = await harness.plane.request(
      'PATCH',
      `${path}/status`,
      { status: null },
      'application/merge-patch+json',
    );
    if (answer.status !== 200) throw new Error(answer.text);
  }
  return routers.length + tunnels.length + classes.length;
}

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
  expect(await loseStatuses()).toBe(88 + 4 + 2);
  if (isDown) await harness.startController();
  await expectNothingChanged(harness, before);
  expect(changes(scriptsBefore, await scripts())).toEqual([]);
});

test('the log-in does not follow a class that was changed since: routers in the field have the old one', async () => {
  await harness.patch(harness.classPath('standard'), {
    spec: { router: { managementUser: 'newcomer', apiPort: 9999 } },
  });
  // Who waits for its script to be pasted gets the new one; who has connected, the old one.
  await givenNow(harness);
  await harness.stopController();
  const settled = await givenNow(harness);
  await loseStatuses();
  await harness.startController();
  await expectNothingChanged(harness, settled);
});
