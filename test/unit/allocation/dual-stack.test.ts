import fc from 'fast-check';
import {
  isSubnet6Of,
  parsePool6,
  parsePools,
  routerAddress6,
  serverAddress6,
  type TunnelEntry,
} from '../../../src/allocation/index.ts';
import { overlaps6, subnet6Of } from '../../../src/allocation/pool6.ts';
import { isSubnet6 } from '../../../src/api/index.ts';
import { addressRequest, keyPair, ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const pool6 = parsePool6('fd12:3456:789a::/48');
const other6 = parsePool6('fd99::/40');

const index = fc.integer({ min: 0, max: 65_535 });

describe('a pool for IPv6', () => {
  test.each([
    ['10.0.0.0/8', /is not an IPv6 network; write it like/],
    ['fd12::1', /is not an IPv6 network/],
    ['nonsense/48', /is not an IPv6 network/],
    ['fd12:3456:789a::1/48', /has host bits set; write fd12:3456:789a::\/48/],
    ['fd12:3456:789a::/49', /too small for a \/64 for each tunnel; write a \/48/],
    ['fe80::/48', /neither unique local/],
    ['ff00::/16', /neither unique local/],
    ['::/0', /neither unique local/],
    ['::ffff:0:0/48', /neither unique local|is not an IPv6 network|host bits|too small/],
  ])('is not %s', (text, problem) => expect(() => parsePool6(text)).toThrow(problem));

  test('has a /64 for each index, in one spelling, no two of them equal, all its own', () => {
    const pools = fc.constantFrom(
      'fd12:3456:789a::/48',
      'fd00::/48',
      '2001:db8::/32',
      'fc00::/8',
      '2a00:1450:4000::/44',
    );
    fc.assert(
      fc.property(pools, index, index, (text, a, b) => {
        const pool = parsePool6(text);
        const one = subnet6Of(pool, a);
        expect(isSubnet6(one)).toBe(true);
        expect(isSubnet6Of(pool, one ?? '')).toBe(true);
        expect(one === subnet6Of(pool, b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
    expect(subnet6Of(pool6, 65_536)).toBeUndefined();
  });

  test('has no /64 that a tunnel of another index has out of whatever pool', () => {
    const hex = (text: string, bits: number) =>
      (BigInt(`0x${text}`) >> BigInt(64 - bits)) << BigInt(64 - bits);
    const pools = fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 8, max: 48 }))
      .map(([bits, length]) => {
        const upper = (0xfdn << 56n) | (hex(bits.toString(16), length) & (2n ** 56n - 1n));
        const groups = [48n, 32n, 16n, 0n].map((shift) => ((upper >> shift) & 0xffffn).toString(16));
        return parsePool6(`${groups.join(':')}::/${length}`);
      });
    fc.assert(
      fc.property(pools, index, pools, index, (one, a, other, b) => {
        fc.pre(a !== b);
        expect(subnet6Of(one, a)).not.toBe(subnet6Of(other, b));
      }),
      { numRuns: 2000 },
    );
  });

  test('overlaps what it holds and what it lies in', () => {
    expect(overlaps6(parsePool6('fd12::/16'), pool6)).toBe(true);
    expect(overlaps6(pool6, parsePool6('fd12::/16'))).toBe(true);
    expect(overlaps6(pool6, parsePool6('fd12:3456:789b::/48'))).toBe(false);
  });
});

describe('the /64 of a tunnel', () => {
  test('is that of its number; a class without a pool gives none', async () => {
    const ledger = ledgerOver(new MemoryStore());
    await ledger.claimTunnel(tunnelRequest('first'));
    const entry = await ledger.claimTunnel(tunnelRequest('acme', { pool6 }));
    expect(entry.subnet6).toBe('fd12:3456:789a:1::/64');
    expect(serverAddress6(entry)).toBe('fd12:3456:789a:1::1');
    expect(ledger.tunnelOfTenant('first')).not.toHaveProperty('subnet6');
  });

  test('comes to a tunnel that is there in one write, and never changes again', async () => {
    const store = new MemoryStore();
    const ledger = ledgerOver(store);
    const before = await ledger.claimTunnel(tunnelRequest('acme'));
    const raw = store.objects.get('ledger-tunnels')?.data['0.acme'];
    expect(raw).not.toContain('subnet6');
    const given = await ledger.claimTunnel(tunnelRequest('acme', { pool6 }));
    const subnet6At = '2026-01-01T00:00:00.000Z';
    expect(given).toEqual({ ...before, subnet6: 'fd12:3456:789a::/64', subnet6At });
    expect(store.writes).toBe(2);
    for (const later of [{ pool6 }, { pool6: other6 }, {}])
      expect(await ledger.claimTunnel(tunnelRequest('acme', later))).toBe(given);
    expect(store.writes).toBe(2);
    const again = ledgerOver(store);
    for (const object of store.objects.values()) again.observe(object);
    expect(again.tunnelOfTenant('acme')).toEqual(given);
  });

  test('is given to a tenant that comes back', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const given = await ledger.claimTunnel(tunnelRequest('acme', { pool6 }));
    await ledger.releaseTunnel(given);
    expect(await ledger.claimTunnel(tunnelRequest('acme', { pool6: other6 }))).toEqual(given);
  });

  test('is not given while another tunnel has it, live or in quarantine, and the tunnel works without', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const first = await ledger.claimTunnel(tunnelRequest('first', { pool6 }));
    expect(first.subnet6).toBe('fd12:3456:789a::/64');
    await ledger.releaseTunnel(first);
    const remembered = {
      owner: 'b/b',
      className: 'standard',
      index: 5,
      subnet: '10.105.0.0/16',
      listenPort: 51_825,
      subnet6: 'fd12:3456:789a::/64',
    };
    const entry = await ledger.claimTunnel(tunnelRequest('b', { remembered }));
    expect(entry).toMatchObject({ index: 5 });
    expect(entry).not.toHaveProperty('subnet6');
    const own = await ledger.claimTunnel(tunnelRequest('b', { pool6 }));
    expect(own.subnet6).toBe('fd12:3456:789a:5::/64');
  });

  test('is that of its status where the ledger was lost, whatever the pool is by then', async () => {
    const ledger = ledgerOver(new MemoryStore());
    const remembered = {
      owner: 'a/a',
      className: 'standard',
      index: 3,
      subnet: '10.103.0.0/16',
      listenPort: 51_823,
      subnet6: 'fd77:0:0:3::/64',
    };
    const entry = await ledger.claimTunnel(tunnelRequest('a', { pool6, remembered }));
    expect(entry).toMatchObject({ index: 3, subnet6: 'fd77:0:0:3::/64' });
  });
});

test('addresses of routers follow from their IPv4 addresses: no two equal in all of a cluster', async () => {
  const ledger = ledgerOver(new MemoryStore());
  const seen = new Map<string, string>();
  for (const tenant of ['a', 'b']) {
    const tunnel = await ledger.claimTunnel(
      tunnelRequest(tenant, { pool6, pools: () => parsePools([{ cidr: '10.64.0.0/10', prefixLength: 20 }]) }),
    );
    for (let number = 0; number < 600; number++) {
      const claim = await ledger.claimAddress(addressRequest(tunnel.index, `${tenant}/r${number}`));
      const address6 = routerAddress6(tunnel, claim) ?? '';
      const host = claim.address.split('.').slice(2).map(Number) as [number, number];
      const hex = (((host[0] % 16) << 8) | host[1]).toString(16);
      expect(address6).toBe(`fd12:3456:789a${tunnel.index === 0 ? '' : ':1'}::${hex}`);
      expect(seen.has(address6)).toBe(false);
      seen.set(address6, claim.address);
      expect(address6).not.toBe(serverAddress6(tunnel));
    }
  }
});

test('a record whose /64 was edited into something else cannot be read', () => {
  const ledger = ledgerOver(new MemoryStore());
  const entry: Partial<TunnelEntry> = {
    owner: 'a/a',
    className: 'c',
    subnet: '10.100.0.0/16',
    listenPort: 51_820,
    ...keyPair(),
  };
  ledger.observe({
    name: 'ledger-tunnels',
    version: '1',
    data: { format: '1', '0.a': JSON.stringify({ ...entry, subnet6: 'fe80::/64' }) },
  });
  expect(ledger.unreadable('a')).toContain('subnet6 is no /64 of a tunnel');
});
