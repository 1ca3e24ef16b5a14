/** What statuses of TenantTunnels tell when the ledger has no record of them; one that is nonsense holds up nobody. */
import type { TenantTunnelStatus } from '../../../src/api/index.ts';
import { lostTunnels, rememberedTunnel } from '../../../src/controller/remember-tunnel.ts';
import type { World } from '../../../src/controller/world.ts';
import { ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { tunnel } from './fixtures.ts';

const STATUS = { index: 3, subnet: '10.103.0.0/16', listenPort: 51_823, publicKey: 'K' };
const told = (key: string, status: TenantTunnelStatus) => tunnel(key, {}, { status });

test('numbers, and whose they are', () => {
  expect(rememberedTunnel(told('a/acme', STATUS))).toEqual({
    owner: 'a/acme',
    className: '',
    index: 3,
    subnet: '10.103.0.0/16',
    listenPort: 51_823,
  });
});

test.each<[string, TenantTunnelStatus]>([
  ['nothing', {}],
  ['no key: it was never allocated', { ...STATUS, publicKey: undefined } as never],
  ['no network', { ...STATUS, subnet: 'nonsense' }],
  ['a network with host bits', { ...STATUS, subnet: '10.103.0.1/16' }],
  ['an IPv6 network', { ...STATUS, subnet: 'fd00::/64' }],
])('nothing, where a status tells %s', (_what, status) => {
  expect(rememberedTunnel(told('a/acme', status))).toBeUndefined();
});

test('of others that have no record, what they tell is not to be given away', async () => {
  const ledger = ledgerOver(new MemoryStore());
  await ledger.claimTunnel(tunnelRequest('recorded'));
  const all = [
    told('a/acme', STATUS),
    told('b/lost', { ...STATUS, index: 4 }),
    told('b/recorded', { ...STATUS, index: 0 }),
    told('c/nonsense', { ...STATUS, subnet: '10.1.2.3/8' }),
    tunnel('c/new'),
  ];
  const world = { ledger, caches: { tunnels: { list: () => all } } } as unknown as World;
  expect(lostTunnels(world, tunnel('a/acme')).map(({ owner }) => owner)).toEqual(['b/lost']);
});
