import type { Router } from '../../../src/api/index.ts';
import { addressKeys, rivalsOf, routersAt } from '../../../src/controller/rivals.ts';
import type { World } from '../../../src/controller/world.ts';
import { router, tunnel, tunnelEntry } from './fixtures.ts';

const at = (address: string) => ({ status: { address } });
const routers: Router[] = [
  router('a/one', { tenant: 'acme' }, at('10.100.1.1')),
  router('b/guest', { tunnelRef: { name: 'acme', namespace: 'a' }, address: '10.100.1.1' }),
  router('a/local', { tunnelRef: { name: 'acme' }, address: '10.100.1.2' }),
  // Another tenant, whose tunnel has the same subnet.
  router('c/alike', { tenant: 'other' }, at('10.100.1.1')),
];

const world = {
  caches: {
    routers: {
      byIndex: (index: string, value: string) =>
        routers.filter((one) => index === 'address' && addressKeys(one).includes(value)),
    },
    tunnels: { get: (key: string) => (key === 'a/acme' ? tunnel('a/acme') : undefined) },
  },
  ledger: {
    tunnelOfTenant: (tenant: string) =>
      tenant === 'acme' ? tunnelEntry({ tenant, owner: 'a/acme' }) : undefined,
  },
} as unknown as World;

const names = (found: Router[]) => found.map(({ metadata }) => metadata.name);

test('an address is found in its tunnel alone, whether routers name that by its tenant or by its name', () => {
  expect(names(routersAt(world, { tenant: 'acme', owner: 'a/acme' }, '10.100.1.1'))).toEqual([
    'one',
    'guest',
  ]);
  expect(names(routersAt(world, { tenant: 'acme', owner: 'a/acme' }, '10.100.1.2'))).toEqual(['local']);
  expect(names(routersAt(world, { tenant: 'other', owner: 'c/other' }, '10.100.1.1'))).toEqual(['alike']);
});

test('who goes wakes those of its tunnel that may want its address, and nobody of another', () => {
  const [one, guest, , alike] = routers as [Router, Router, Router, Router];
  for (const gone of [one, guest]) expect(rivalsOf(world, gone)).toEqual(['a/one', 'b/guest']);
  // Its tunnel is in no ledger: nobody can have waited.
  expect(rivalsOf(world, alike)).toEqual([]);
});
