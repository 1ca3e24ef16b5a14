import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { ensureClockedWireguard } from '../testbed/binaries.ts';
import { InitiationRecord } from '../testbed/initiation-record.ts';
import { createNode, type TestNode } from '../testbed/node.ts';
import { waitFor } from '../testbed/wait.ts';
import { peersOnNode } from './node-side.ts';
import { tell, World } from './world.ts';

jest.setTimeout(900_000);

const YEAR_MS = 365 * 86_400_000;
/** What is promised; without it such a router would be away until somebody drives there. */
const PROMISED_MS = 180_000;
const KEY = 'acme/attic';
const BESIDE = 'acme/cellar';

let world: World;
let router: SimulatedRouter;
let beside: SimulatedRouter;
let record: InitiationRecord;
let spy: TestNode;
let program: string;

beforeAll(async () => {
  program = await ensureClockedWireguard();
  world = await World.start({ namespaces: ['acme'] });
  record = new InitiationRecord(world.system.node.pid);
  spy = await createNode(world.system.network, 'spy');
  router = await world.bringOnline(KEY, '7.16.2');
  beside = await world.bringOnline(BESIDE, '7.18.2');
}, 600_000);

afterAll(async () => {
  record?.close();
  await world?.stop();
});

const publicKey = (): string => world.router(KEY).status?.publicKey ?? '';
const onNode = async (field: 'endpoints' | 'latest-handshakes'): Promise<string> =>
  (await peersOnNode(world.system, 'wg0', field)).get(publicKey()) ?? '';

/** Sends it from elsewhere; how many bytes come back. */
async function playBack(packet: Buffer): Promise<number> {
  const script = `exec 3<>/dev/udp/${world.system.node.address}/51820
    echo ${packet.toString('base64')} | base64 -d >&3
    timeout 1 dd bs=2000 count=1 <&3 2>/dev/null | wc -c`;
  return Number(await spy.exec('bash', ['-c', script]));
}

/** Power off, and on again elsewhere with a clock that is so far behind: where it was, the server might call it by chance. */
async function wakeUpAt(offsetMs: number): Promise<number> {
  const before = Number(await onNode('latest-handshakes'));
  await router.powerOff();
  await router.moveTo();
  router.setClock({ program, offsetMs });
  const began = performance.now();
  await router.powerOn();
  await waitFor(
    'the router is let in',
    async () => Number(await onNode('latest-handshakes')) > before,
    2 * PROMISED_MS,
  );
  return performance.now() - began;
}

test('a router that wakes up a year ago is Online again within three minutes, and its clock is told', async () => {
  const tookMs = await wakeUpAt(-YEAR_MS);
  await world.untilPhase(KEY, 'Online');
  tell(`power back with a clock of a year ago → connected: ${Math.round(tookMs / 1000)} s`);
  expect(tookMs).toBeLessThan(PROMISED_MS);
  await waitFor('its Event', async () => (await world.events(KEY)).includes('ClockJumped'), 60_000);
  expect(await world.events(BESIDE)).not.toContain('ClockJumped');
  const { received } = await router.ping('10.100.0.1', { count: 3 });
  expect(received).toBeGreaterThan(0);
});

test('it stays connected through changes of keys, while one that has no power is silent and is not called', async () => {
  const first = Number(await onNode('latest-handshakes'));
  await beside.powerOff();
  const twice = () => onNode('latest-handshakes').then((now) => Number(now) > first + 150);
  await Promise.all([
    waitFor('two changes of keys', twice, 400_000),
    world.untilPhase(BESIDE, 'Offline', 400_000),
  ]);
  expect(world.router(KEY).status?.phase).toBe('Online');
  expect(world.history.phases(KEY)).not.toContain('Offline');
  expect(world.condition(BESIDE, 'Connected')?.reason).toBe('HandshakeTimeout');
  expect(await world.events(BESIDE)).not.toContain('ClockJumped');
});

test('handshakes that were captured before do not get in, neither answered nor listened to', async () => {
  const captured = record.take();
  // Of both routers: while their clocks were right, of a year ago, and those that the server let in.
  expect(captured.length).toBeGreaterThan(4);
  const endpoint = await onNode('endpoints');
  for (const packet of captured) expect(await playBack(packet)).toBe(0);
  expect(await onNode('endpoints')).toBe(endpoint);
  expect(endpoint).not.toContain(spy.address);
  const { received } = await router.ping('10.100.0.1', { count: 3 });
  expect(received).toBeGreaterThan(0);
});

test('the same in 1970, and a second time', async () => {
  for (const offsetMs of [86_400_000 - Date.now(), 86_400_000 - Date.now()]) {
    const tookMs = await wakeUpAt(offsetMs);
    tell(`power back in 1970 → connected: ${Math.round(tookMs / 1000)} s`);
    expect(tookMs).toBeLessThan(PROMISED_MS);
  }
  await world.untilPhase(KEY, 'Online');
});
