import { jest } from '@jest/globals';
import { API_VERSION } from '../../src/api/index.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { waitFor } from '../testbed/wait.ts';
import { GROUP_PATH } from './field.ts';
import { tell, World } from './world.ts';

jest.setTimeout(600_000);

const ROUTER = 'acme/hotspot-1';
const PROFILES = `${GROUP_PATH}/namespaces/acme/routerprofiles`;
const FILTER = '/ip/firewall/filter';

let world: World;
let machine: SimulatedRouter;

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme'] });
}, 600_000);
afterAll(() => world?.stop());

test('a router that comes Online gets its profile over the tunnel, firewall and all, and one that cuts it off is undone', async () => {
  await world.create(PROFILES, {
    apiVersion: API_VERSION,
    kind: 'RouterProfile',
    metadata: { name: 'base' },
    spec: {
      resources: [
        { path: '/ip/dns', set: { servers: '{{ tunnel.serverAddress }}' } },
        { path: '/ip/pool', match: { name: 'guests' }, set: { ranges: '10.5.50.2-10.5.50.99' } },
      ],
      lists: [
        {
          path: FILTER,
          before: { chain: 'input', action: 'drop' },
          rows: [{ set: { chain: 'input', action: 'accept', protocol: 'udp', 'dst-port': '3799' } }],
        },
      ],
    },
  });
  machine = await world.bringOnline(ROUTER, '7.16.2', { spec: { profiles: ['base'] } });
  const began = performance.now();
  const state = () =>
    world
      .router(ROUTER)
      .status?.profiles?.map((one) => `${one.name} ${one.state}`)
      .join();
  await waitFor('it has its profile', () => state() === 'base Applied', 120_000);
  tell(`Online → profile applied: ${Math.round(performance.now() - began)} ms`);
  const server = world.tunnel('acme/acme').status?.serverAddress;
  expect(machine.os.rows('/ip/dns')[0]).toMatchObject({ servers: server });
  expect(machine.os.rows(FILTER).filter(({ 'dst-port': port }) => port === '3799')).toHaveLength(1);
  expect(world.condition(ROUTER, 'Configured')).toMatchObject({ status: 'True' });

  await world.create(PROFILES, {
    apiVersion: API_VERSION,
    kind: 'RouterProfile',
    metadata: { name: 'lockout' },
    spec: {
      lists: [
        { path: FILTER, before: { chain: 'input' }, rows: [{ set: { chain: 'input', action: 'drop' } }] },
      ],
    },
  });
  await world.change(ROUTER, { profiles: ['base', 'lockout'] });
  await waitFor('it is told', () => state() === 'base Applied,lockout Failed', 300_000);
  expect(world.condition(ROUTER, 'Configured')).toMatchObject({ status: 'False', reason: 'ProfileFailed' });
  const ofLockout = ({ comment = '' }) => comment.startsWith('tenant-tunnel profile acme/lockout/');
  await waitFor('the rule is gone', () => !machine.os.rows(FILTER).some(ofLockout), 200_000);
  expect(world.router(ROUTER).status?.profiles?.[1]?.problems?.[0]).toMatchObject({ reason: 'Undone' });
  expect(world.router(ROUTER).status?.phase).toBe('Online');
});
