import { jest } from '@jest/globals';
import { waitFor } from '../../testbed/wait.ts';
import { Attic, BESIDE, KEY, YEAR_MS } from './attic.ts';

jest.setTimeout(900_000);

let attic: Attic;

beforeAll(async () => {
  attic = await Attic.start();
}, 600_000);

afterAll(() => attic?.stop());

test('a router whose clock is a year behind stays connected through changes of keys, while one that has no power is silent and is not called', async () => {
  const { world, beside } = attic;
  await attic.wakeUpAt(-YEAR_MS);
  await world.untilPhase(KEY, 'Online');
  const first = Number(await attic.onNode('latest-handshakes'));
  await beside.powerOff();
  const twice = () => attic.onNode('latest-handshakes').then((now) => Number(now) > first + 150);
  await Promise.all([
    waitFor('two changes of keys', twice, 400_000),
    world.untilPhase(BESIDE, 'Offline', 400_000),
  ]);
  expect(world.router(KEY).status?.phase).toBe('Online');
  expect(world.history.phases(KEY)).not.toContain('Offline');
  expect(world.condition(BESIDE, 'Connected')?.reason).toBe('HandshakeTimeout');
  expect(await world.events(BESIDE)).not.toContain('ClockJumped');
});
