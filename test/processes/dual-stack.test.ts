/** A class gets a pool for IPv6 while its routers are Online: what they have stays, and those after them have both. */
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { GROUP_PATH } from './field.ts';
import { World } from './world.ts';

jest.setTimeout(400_000);

let world: World;
let first: SimulatedRouter;
let other: SimulatedRouter;
beforeAll(async () => {
  world = await World.start({ namespaces: ['acme', 'beta'] });
  first = await world.bringOnline('acme/first', '7.9.2');
  other = await world.bringOnline('beta/other', '7.16.2');
  await world.untilUsed('acme/first');
});
afterAll(() => world?.stop());

/** Whether one of several pings comes back. */
const reaches = (router: SimulatedRouter, address: string, tries = 5): Promise<boolean> =>
  router.exec('ping', ['-q', '-c', String(tries), '-i', '0.2', '-W', '1', address]).then(
    () => true,
    () => false,
  );
const address6 = (key: string): string => world.router(key).status?.address6 ?? '';

test('tunnel and routers get their networks and addresses, and no router notices', async () => {
  const { address, publicKey } = world.router('acme/first').status ?? {};
  await world.system.plane.request(
    'PATCH',
    `${GROUP_PATH}/tunnelclasses/standard`,
    { spec: { ipv6: { pool: 'fd12:3456:789a::/48' } } },
    'application/merge-patch+json',
  );
  await world.until('acme/first', 'has an address', ({ status }) => status?.address6 !== undefined);
  await waitFor('the tunnel says so', () => world.tunnel('acme/acme').status?.serverAddress6 !== undefined);
  expect(world.router('acme/first').status).toMatchObject({ phase: 'Online', address, publicKey });
  expect(world.condition('acme/first', 'Allocated')?.message).toContain(
    `It was set up before the tunnel had IPv6, and does not have ${address6('acme/first')} yet`,
  );
  expect(await reaches(first, world.tunnel('acme/acme').status?.serverAddress ?? '')).toBe(true);
  expect(await world.events('acme/first')).not.toContain('RouterOffline');
});

test('a router after that has both from its script', async () => {
  const second = await world.bringOnline('acme/second', '7.24');
  const { serverAddress, serverAddress6 = '' } = world.tunnel('acme/acme').status ?? {};
  for (const server of [serverAddress ?? '', serverAddress6])
    expect(await reaches(second, server)).toBe(true);
  expect(world.condition('acme/second', 'Allocated')?.message).not.toContain('IPv6');

  await world.renew('acme/first', 'IPv6');
  await world.paste('acme/first', first);
  await world.untilPhase('acme/first', 'Online');
  await world.untilUsed('acme/first');
  expect(world.condition('acme/first', 'Allocated')?.message).not.toContain('IPv6');
  expect(await reaches(first, address6('acme/second'))).toBe(true);
  expect(await reaches(second, address6('acme/first'))).toBe(true);
});

test('and another tenant, with IPv6 of its own, does not get there', async () => {
  await world.renew('beta/other', 'IPv6');
  await world.paste('beta/other', other);
  await world.untilPhase('beta/other', 'Online');
  expect(await reaches(other, world.tunnel('beta/beta').status?.serverAddress6 ?? '')).toBe(true);
  for (const key of ['acme/first', 'acme/second']) expect(await reaches(other, address6(key), 1)).toBe(false);
  expect(await reaches(first, address6('beta/other'), 1)).toBe(false);
});
