/** All that is left of tunnels is what the statuses of their TenantTunnels say. */
import type { RememberedTunnel } from '../../../src/allocation/index.ts';
import { ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const remembered = (
  owner: string,
  index: number,
  more: Partial<RememberedTunnel> = {},
): RememberedTunnel => ({
  owner,
  className: 'standard',
  index,
  subnet: `10.${100 + index}.0.0/16`,
  listenPort: 51_820 + index,
  ...more,
});
const fresh = () => ledgerOver(new MemoryStore());

test('a tunnel gets index, subnet and port again, with another key, and it is noted since when', async () => {
  const ledger = fresh();
  const had = remembered('acme/acme', 7, { subnet: '10.130.0.0/16', listenPort: 60_000 });
  expect(await ledger.claimTunnel(tunnelRequest('acme', { remembered: had }))).toMatchObject({
    index: 7,
    subnet: '10.130.0.0/16',
    listenPort: 60_000,
    keyLostAt: '2026-01-01T00:00:00.000Z',
  });
  // Known by now: what is remembered counts for nothing.
  const again = tunnelRequest('acme', { remembered: remembered('acme/acme', 3) });
  expect((await ledger.claimTunnel(again)).index).toBe(7);
});

test('others get nothing of what one is yet to claim', async () => {
  const ledger = fresh();
  const reserved = [remembered('acme/acme', 0), remembered('b/b', 2, { listenPort: 51_821 })];
  expect(await ledger.claimTunnel(tunnelRequest('first', { reserved }))).toMatchObject({
    index: 1,
    subnet: '10.101.0.0/16',
    listenPort: 51_822,
  });
  expect((await ledger.claimTunnel(tunnelRequest('second', { reserved }))).index).toBe(3);
  await expect(
    ledger.claimTunnel(tunnelRequest('third', { reserved, pins: { subnet: '10.100.0.0/16' } })),
  ).rejects.toMatchObject({ code: 'SubnetTaken', message: expect.stringContaining('acme/acme') });
});

test.each<[string, Partial<RememberedTunnel>, object]>([
  ['its index', { index: 0 }, { index: 1, subnet: '10.105.0.0/16', listenPort: 51_825 }],
  ['its subnet', { subnet: '10.100.0.0/16' }, { index: 5, subnet: '10.105.0.0/16', listenPort: 51_825 }],
  [
    'its subnet, which the class no longer has',
    { subnet: '10.9.0.0/16' },
    { index: 5, subnet: '10.105.0.0/16' },
  ],
  ['its subnet, which is none', { subnet: 'nonsense' }, { index: 5, subnet: '10.105.0.0/16' }],
  ['its port', { listenPort: 51_820 }, { index: 5, subnet: '10.105.0.0/16', listenPort: 51_825 }],
  ['its port, which the class no longer has', { listenPort: 1 }, { index: 5, listenPort: 51_825 }],
])('where %s is another tunnel’s, it has all else that it had', async (_what, more, expected) => {
  const ledger = fresh();
  await ledger.claimTunnel(tunnelRequest('other'));
  const request = tunnelRequest('acme', { remembered: remembered('acme/acme', 5, more) });
  expect(await ledger.claimTunnel(request)).toMatchObject(expected);
});

test('a pin in the manifest counts for more than the status', async () => {
  const request = tunnelRequest('acme', {
    remembered: remembered('acme/acme', 5),
    pins: { subnet: '10.140.0.0/16', listenPort: 60_000 },
  });
  expect(await fresh().claimTunnel(request)).toMatchObject({
    index: 5,
    subnet: '10.140.0.0/16',
    listenPort: 60_000,
  });
});

test('whether somebody wrote its TenantTunnel is noted, and follows it', async () => {
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  const claim = (isWritten: boolean) => ledger.claimTunnel(tunnelRequest('acme', { isWritten }));
  const first = await claim(true);
  expect(first.isWritten).toBe(true);
  const { writes } = store;
  expect(await claim(true)).toEqual(first);
  expect(store.writes).toBe(writes);
  const { isWritten: _, ...plain } = first;
  expect(await claim(false)).toEqual(plain);
});
