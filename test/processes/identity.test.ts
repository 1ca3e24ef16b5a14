import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { peersOnNode } from './node-side.ts';
import { tell, World } from './world.ts';

jest.setTimeout(900_000);

/** Four changes of place at keepalives of 25 s, a log-in at each place, and as much again for a busy machine. */
const FOUND_WITHIN_MS = 420_000;
const CLONED = 'acme/original';
const MOBILE = 'acme/mobile';
const REPLACED = 'acme/replaced';

let world: World;
let script: string;
const machines = new Map<string, SimulatedRouter>();

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme'] });
  await world.apply(CLONED);
  script = await world.script(CLONED);
  machines.set(CLONED, await world.plugIn(CLONED, '7.16.2'));
  await world.paste(CLONED, machine(CLONED));
  await world.untilPhase(CLONED, 'Online');
  for (const key of [MOBILE, REPLACED]) machines.set(key, await world.bringOnline(key, '7.16.2'));
  // What is copied below is what they have from then on.
  for (const key of [CLONED, REPLACED]) await world.untilUsed(key);
  // Offline by the time that the second test wants it to be.
  await machine(REPLACED).powerOff();
}, 600_000);
afterAll(() => world?.stop());

const machine = (key: string): SimulatedRouter => machines.get(key) as SimulatedRouter;
const endpointOf = async (key: string): Promise<string> => {
  const endpoints = await peersOnNode(world.system, 'wg0', 'endpoints');
  return endpoints.get(world.router(key).status?.publicKey ?? '') ?? '';
};
const serialOf = (key: string) => world.router(key).status?.serialNumber;

/** As if a backup of one was loaded into the other: whatever was replaced since the script, both have it. */
async function copySecrets(from: SimulatedRouter, to: SimulatedRouter): Promise<void> {
  const snapshot = from.os.snapshot();
  const own = (menu: string, name: string) => snapshot[menu]?.find((row) => row.name === name) ?? {};
  const key = own('/interface/wireguard', 'tenant-tunnel')['private-key'];
  const password = own('/user', 'tenant-tunnel').password;
  const set = async (menu: string, what: string) => {
    const seen = await to.paste(`${menu} set [find name="tenant-tunnel"] ${what}`);
    if (seen.trim() !== '') throw new Error(`${menu}: ${seen}`);
  };
  await set('/interface wireguard', `private-key="${key}"`);
  await set('/user', `password="${password}"`);
}

test('two routers with one key are told with both serial numbers and where they are; one that roams is not', async () => {
  const serial = serialOf(CLONED);
  const home = await endpointOf(CLONED);
  const second = await world.plugIn('acme/copy', '7.18.2', { serialNumber: 'COPY22222' });
  await second.paste(script);
  await copySecrets(machine(CLONED), second);
  const began = performance.now();
  // Meanwhile another router goes from address to address, as on a mobile network.
  let roams = true;
  const roaming = (async () => {
    while (roams) {
      await machine(MOBILE).moveTo();
      await new Promise((resolve) => setTimeout(resolve, 20_000));
    }
  })();
  await waitFor(
    'it is told',
    () => world.condition(CLONED, 'Unique')?.reason === 'Cloned',
    FOUND_WITHIN_MS,
  ).finally(() => {
    roams = false;
  });
  tell(`second router with the same key → Cloned: ${Math.round((performance.now() - began) / 1000)} s`);
  await roaming;
  const message = world.condition(CLONED, 'Unique')?.message ?? '';
  for (const part of [serial ?? 'none', 'COPY22222', home.split(':')[0] ?? '']) {
    expect(message).toContain(part);
  }
  await world.untilEvent(CLONED, 'RouterCloned', { limitMs: 60_000 });
  expect(world.condition(MOBILE, 'Unique')).toBeUndefined();
  expect(await world.events(MOBILE)).not.toContain('RouterCloned');
  expect(serialOf(CLONED)).toBe(serial);
  await second.stop();
});

test('a router whose hardware was replaced, with a backup loaded, is told with both serial numbers', async () => {
  const before = serialOf(REPLACED);
  await world.untilPhase(REPLACED, 'Offline', 400_000);
  machine(REPLACED).os.options.serialNumber = 'SPARE3333';
  await machine(REPLACED).powerOn();
  await world.untilPhase(REPLACED, 'Online', 120_000);
  await waitFor(
    'it is told',
    () => world.condition(REPLACED, 'Unique')?.reason === 'HardwareChanged',
    60_000,
  );
  const message = world.condition(REPLACED, 'Unique')?.message ?? '';
  for (const part of [before ?? 'none', 'SPARE3333']) expect(message).toContain(part);
  expect(serialOf(REPLACED)).toBe('SPARE3333');
  await world.untilEvent(REPLACED, 'HardwareChanged');
});
