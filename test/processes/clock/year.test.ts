import { jest } from '@jest/globals';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { tell } from '../world.ts';
import { Attic, BESIDE, KEY, PROMISED_MS, YEAR_MS } from './attic.ts';

jest.setTimeout(900_000);

let attic: Attic;
let spy: TestNode;

beforeAll(async () => {
  attic = await Attic.start();
  spy = await createNode(attic.world.system.network, 'spy');
}, 600_000);

afterAll(() => attic?.stop());

/** Sends it from elsewhere; how many bytes come back. */
async function playBack(packet: Buffer): Promise<number> {
  const script = `exec 3<>/dev/udp/${attic.world.system.node.address}/51820
    echo ${packet.toString('base64')} | base64 -d >&3
    timeout 1 dd bs=2000 count=1 <&3 2>/dev/null | wc -c`;
  return Number(await spy.exec('bash', ['-c', script]));
}

test('a router that wakes up a year ago is Online again within three minutes, and its clock is told', async () => {
  const { world, router } = attic;
  const tookMs = await attic.wakeUpAt(-YEAR_MS);
  await world.untilPhase(KEY, 'Online');
  tell(`power back with a clock of a year ago → connected: ${Math.round(tookMs / 1000)} s`);
  expect(tookMs).toBeLessThan(PROMISED_MS);
  await world.untilEvent(KEY, 'ClockJumped', { limitMs: 60_000 });
  expect(await world.events(BESIDE)).not.toContain('ClockJumped');
  const { received } = await router.ping('10.100.0.1', { count: 3 });
  expect(received).toBeGreaterThan(0);
});

test('handshakes that were captured before do not get in, neither answered nor listened to', async () => {
  const captured = attic.record.take();
  // Of both routers: while their clocks were right, of a year ago, and those that the server let in.
  expect(captured.length).toBeGreaterThan(4);
  const endpoint = await attic.onNode('endpoints');
  for (const packet of captured) expect(await playBack(packet)).toBe(0);
  expect(await attic.onNode('endpoints')).toBe(endpoint);
  expect(endpoint).not.toContain(spy.address);
  const { received } = await attic.router.ping('10.100.0.1', { count: 3 });
  expect(received).toBeGreaterThan(0);
});
