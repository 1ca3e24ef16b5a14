import { jest } from '@jest/globals';
import { tell } from '../world.ts';
import { Attic, KEY, PROMISED_MS } from './attic.ts';

jest.setTimeout(900_000);

let attic: Attic;

beforeAll(async () => {
  attic = await Attic.start();
}, 600_000);

afterAll(() => attic?.stop());

test('a router that wakes up in 1970 is let in within three minutes, and a second time', async () => {
  for (const offsetMs of [86_400_000 - Date.now(), 86_400_000 - Date.now()]) {
    const tookMs = await attic.wakeUpAt(offsetMs);
    tell(`power back in 1970 → connected: ${Math.round(tookMs / 1000)} s`);
    expect(tookMs).toBeLessThan(PROMISED_MS);
  }
  await attic.world.untilPhase(KEY, 'Online');
});
