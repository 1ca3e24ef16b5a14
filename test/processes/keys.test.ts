import { jest } from '@jest/globals';
import { readSecrets } from '../../src/routeros/index.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { peersOnNode } from './node-side.ts';
import { PingStream } from './ping-stream.ts';
import { tell, World } from './world.ts';

jest.setTimeout(600_000);

const SITES = { 'acme/old': '7.9.2', 'acme/middle': '7.16.2', 'acme/new': '7.24' };
const sites = Object.keys(SITES) as (keyof typeof SITES)[];

const SERVER = '10.100.0.1';

let world: World;
const machines = new Map<string, SimulatedRouter>();
const scripts = new Map<string, string>();
const machine = (key: string): SimulatedRouter => machines.get(key) as SimulatedRouter;
const address = (key: string): string => world.router(key).status?.address ?? '';
const keysOn = (key: string): unknown[] =>
  machine(key)
    .os.rows('/interface/wireguard')
    .map((row) => row['public-key']);
beforeAll(async () => {
  world = await World.start({
    namespaces: ['acme'],
    classSpec: { router: { presharedKeys: true } },
  });
}, 300_000);
afterAll(() => world?.stop());

test('routers replace the keys of their scripts by themselves, and go on as they were', async () => {
  await Promise.all(
    sites.map(async (key) => {
      await world.apply(key);
      scripts.set(key, await world.script(key));
      machines.set(key, await world.plugIn(key, SITES[key]));
      await world.paste(key, machine(key));
    }),
  );
  await Promise.all(
    sites.map(async (key) => {
      await world.untilPhase(key, 'Online');
      const began = performance.now();
      const pings = new PingStream(machine(key).netns, SERVER);
      await pings.isAnswered();
      await world.untilUsed(key);
      const ms = Math.round(performance.now() - began);
      const { sent, lost, longestGapMs } = await pings.stop();
      tell(
        `${key}, RouterOS ${SITES[key]}: Online → a key of its own ${ms} ms; of ${sent} pings ${lost} lost, ${longestGapMs} ms without any`,
      );
    }),
  );
  const onNode = await peersOnNode(world.system, 'wg0');
  for (const key of sites) {
    const { publicKey, phase } = world.router(key).status ?? {};
    const first = readSecrets(scripts.get(key) ?? '');
    expect(phase).toBe('Online');
    expect(keysOn(key)).toEqual([publicKey]);
    expect(publicKey).not.toBe(first?.privateKey);
    expect(onNode.get(publicKey ?? '')).toBe(`${address(key)}/32`);
    expect(machine(key).os.rows('/tool/netwatch')).toEqual([]);
    expect(world.router(key).status?.script).toMatch(/^# Used on /);
  }
  // Nobody else, and nothing that is still let in.
  expect(onNode.size).toBe(sites.length);
});

test('who has kept a used script gets nowhere with it', async () => {
  const thief = await world.plugIn('acme/thief', '7.16.2', { serialNumber: 'THIEF1' });
  await thief.paste(scripts.get('acme/middle') ?? '');
  expect((await thief.ping(SERVER, { count: 5 })).received).toBe(0);
  expect((await machine('acme/middle').ping(SERVER, { count: 3 })).received).toBe(3);
  expect(world.router('acme/middle').status?.phase).toBe('Online');
  await thief.powerOff();
});

test('a router that restarts has it still, and a fresh script shuts it out', async () => {
  const key = 'acme/new';
  await machine(key).powerOff();
  await machine(key).powerOn();
  await waitFor(
    'it is reached again',
    async () => (await machine(key).ping(SERVER, { count: 1 })).received > 0,
    60_000,
  );
  const before = world.router(key).status?.publicKey;
  await world.renew(key, 'replaced');
  await waitFor(
    'the one before is let in no more',
    async () => !(await peersOnNode(world.system, 'wg0')).has(before ?? ''),
  );
  expect((await machine(key).ping(SERVER, { count: 3 })).received).toBe(0);
  await world.paste(key, machine(key));
  await world.untilPhase(key, 'Online');
  await world.untilUsed(key);
  expect(keysOn(key)).toEqual([world.router(key).status?.publicKey]);
});
