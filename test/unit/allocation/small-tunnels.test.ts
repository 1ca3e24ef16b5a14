/** Tunnels of a /24 and less, how full they are, and far too many routers. */
import { parsePools, type TunnelEntry } from '../../../src/allocation/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const cut = (prefixLength: number) => () => parsePools([{ cidr: '10.9.0.0/16', prefixLength }]);

async function tunnelOf(prefixLength: number, now?: () => Date) {
  const store = new MemoryStore();
  const ledger = ledgerOver(store, now);
  await ledger.claimTunnel(tunnelRequest('acme', { pools: cut(prefixLength) }));
  return { store, ledger };
}

const ask = (ledger: Awaited<ReturnType<typeof tunnelOf>>['ledger'], count: number) =>
  Promise.allSettled(
    Array.from({ length: count }, (_, i) => ledger.claimAddress(addressRequest(0, `acme/r${i}`))),
  );

test.each([
  [28, 13, '10.9.0.2', '10.9.0.14'],
  [27, 29, '10.9.0.2', '10.9.0.30'],
  [25, 125, '10.9.0.2', '10.9.0.126'],
  [24, 253, '10.9.0.2', '10.9.0.254'],
  [23, 255, '10.9.1.1', '10.9.1.0'],
])(
  'a /%i holds %i routers behind its server, from %s to %s, and not one more',
  async (length, size, first, last) => {
    const { ledger } = await tunnelOf(length);
    const given = (await ask(ledger, size + 5)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.address] : [],
    );
    expect(new Set(given).size).toBe(size);
    expect([given[0], given.at(-1)]).toEqual([first, last]);
    expect(ledger.addressUse(0, 86_400)).toEqual({ total: size, taken: size });
  },
);

test('10,000 routers into a /24: 253 get an address, the others one sentence each, in two writes', async () => {
  const { ledger, store } = await tunnelOf(24);
  const before = store.writes;
  const all = await ask(ledger, 10_000);
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [String(one.reason.message)] : []));
  expect(refused).toHaveLength(10_000 - 253);
  expect(new Set(refused)).toEqual(
    new Set([
      'Subnet 10.9.0.0/24 has no free address left; delete Routers that are gone, or give the tenant a tunnel of a class with a shorter prefix.',
    ]),
  );
  expect(store.writes - before).toBeLessThanOrEqual(2);
  // Nothing half-given, and neighbours go on.
  expect(ledger.liveOwners()).toHaveLength(253);
  await ledger.claimTunnel(tunnelRequest('beside', { pools: cut(24) }));
  expect((await ledger.claimAddress(addressRequest(1, 'beside/one'))).address).toBe('10.9.1.2');
  // Once the first has gone and its quarantine is over, who asks again gets the place.
  const [first] = ledger.claimsOf('acme/r0');
  if (first === undefined) throw new Error('r0 has nothing');
  await ledger.releaseAddress('acme/r0', first);
  const again = addressRequest(0, 'acme/r9999', { quarantineSeconds: 0 });
  expect((await ledger.claimAddress(again)).address).toBe('10.9.0.2');
});

test('an address in quarantine is taken until that is over, which is told', async () => {
  let now = new Date('2026-01-01T00:00:00Z');
  const { ledger } = await tunnelOf(28, () => now);
  const claims = await Promise.all(
    Array.from({ length: 3 }, (_, i) => ledger.claimAddress(addressRequest(0, `acme/r${i}`))),
  );
  for (const [i, claim] of claims.slice(1).entries()) {
    now = new Date(Date.parse('2026-01-01T00:00:00Z') + i * 10_000);
    await ledger.releaseAddress(claim.entry.owner, claim);
  }
  expect(ledger.addressUse(0, 60)).toEqual({
    total: 13,
    taken: 3,
    freeAt: Date.parse('2026-01-01T00:01:00Z'),
  });
  now = new Date('2026-01-01T00:01:00Z');
  expect(ledger.addressUse(0, 60)).toMatchObject({ taken: 2, freeAt: Date.parse('2026-01-01T00:01:10Z') });
  now = new Date('2026-01-01T00:01:10Z');
  expect(ledger.addressUse(0, 60)).toEqual({ total: 13, taken: 1 });
  expect(ledger.addressUse(7, 60)).toBeUndefined();
});

describe('tunnels that may share their subnet', () => {
  const shared = ({ className }: TunnelEntry): boolean => className === 'equal';
  const equal = (tenant: string, more = {}) =>
    tunnelRequest(tenant, { className: 'equal', mayShareWith: shared, ...more });

  test('all get the first subnet, with an index and a port of their own', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const given = await Promise.all(['a', 'b', 'c'].map((tenant) => ledger.claimTunnel(equal(tenant))));
    expect(given.map(({ index, subnet, listenPort }) => [index, subnet, listenPort])).toEqual([
      [0, '10.100.0.0/16', 51_820],
      [1, '10.100.0.0/16', 51_821],
      [2, '10.100.0.0/16', 51_822],
    ]);
    const routers = await Promise.all(
      [0, 1, 2].map((n) => ledger.claimAddress(addressRequest(n, `t${n}/r`))),
    );
    expect(routers.map(({ address }) => address)).toEqual(Array(3).fill('10.100.1.1'));
  });

  test('keep off the subnets of tunnels that have their own, and those keep off theirs', async () => {
    const ledger = ledgerOver(new MemoryStore());
    await ledger.claimTunnel(tunnelRequest('own'));
    expect(await ledger.claimTunnel(equal('a'))).toMatchObject({ index: 1, subnet: '10.101.0.0/16' });
    expect(await ledger.claimTunnel(tunnelRequest('own-2'))).toMatchObject({ subnet: '10.102.0.0/16' });
    expect(await ledger.claimTunnel(equal('b'))).toMatchObject({ subnet: '10.101.0.0/16' });
    const taken = ledger.claimTunnel(tunnelRequest('own-3', { pins: { subnet: '10.101.0.0/16' } }));
    await expect(taken).rejects.toMatchObject({ code: 'SubnetTaken' });
  });

  test('may be pinned to one that another of their kind has, and skip what is excluded', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const pins = { subnet: '10.117.0.0/16' };
    for (const tenant of ['a', 'b'])
      expect(await ledger.claimTunnel(equal(tenant, { pins }))).toMatchObject(pins);
    const pools = () => parsePools([{ cidr: '10.100.0.0/14', prefixLength: 16 }], ['10.100.0.0/15']);
    expect(await ledger.claimTunnel(equal('c', { pools }))).toMatchObject({ subnet: '10.102.0.0/16' });
  });

  test('are read back whole, with every router where it was', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    for (const tenant of ['a', 'b']) await ledger.claimTunnel(equal(tenant));
    for (const n of [0, 1]) await ledger.claimAddress(addressRequest(n, `t${n}/r`));
    const again = ledgerOver(store);
    for (const object of store.objects.values()) again.observe(object);
    expect([...again.tunnels.values()]).toEqual([...ledger.tunnels.values()]);
    for (const n of [0, 1]) expect(again.claimsOf(`t${n}/r`)).toEqual(ledger.claimsOf(`t${n}/r`));
    expect([again.unreadable('a'), again.unreadable('b'), again.isAmiss('ledger-tunnels')]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });
});
