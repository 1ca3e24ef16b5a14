import fc from 'fast-check';
import {
  freeTunnels,
  parsePools,
  pressureOf,
  type TunnelEntry,
  useOfClass,
} from '../../../src/allocation/index.ts';
import { formatNetwork } from '../../../src/allocation/ipv4.ts';
import { nearlyAll } from '../../../src/allocation/pressure.ts';
import { ledgerOver, tunnelRequest } from './fixtures.ts';
import { MemoryStore } from './memory-store.ts';

const entry = (index: number, subnet: string, more: Partial<TunnelEntry> = {}): TunnelEntry => ({
  index,
  tenant: `tenant-${index}`,
  owner: `a/tenant-${index}`,
  className: 'standard',
  subnet,
  listenPort: 51_820 + index,
  privateKey: '',
  publicKey: '',
  ...more,
});

const limits = (cidr: string, prefixLength: number, exclude: string[] = []) => ({
  name: 'standard',
  pools: parsePools([{ cidr, prefixLength }], exclude),
  ports: { first: 51_820, last: 51_829 },
});

test('a new class has all of its subnets and ports', () => {
  const use = useOfClass(limits('10.100.0.0/14', 16), []);
  expect(use).toMatchObject({ pools: [{ subnets: 4, free: 4, tunnels: 0 }], ports: { total: 10, free: 10 } });
  expect(use.pools[0]?.range ?? use.ports.range).toBeUndefined();
});

test('what its tunnels have is not free, of the live and of those in quarantine, and where it lies is told', () => {
  const use = useOfClass(limits('10.104.0.0/13', 16), [
    entry(0, '10.105.0.0/16'),
    entry(3, '10.104.0.0/16', { releasedAt: '2026-01-01T00:00:00Z' }),
  ]);
  const [pool] = use.pools;
  expect(pool).toMatchObject({ subnets: 8, free: 6, tunnels: 2 });
  expect(pool?.range && [pool.range.first, pool.range.last].map(formatNetwork)).toEqual([
    '10.104.0.0/16',
    '10.105.0.0/16',
  ]);
  expect(use.ports).toEqual({ total: 10, free: 8, range: { first: 51_820, last: 51_823 } });
});

test('a subnet of another class takes away all that it overlaps, and is not told as life of this one', () => {
  const wide = entry(0, '10.100.0.0/18', { className: 'wide' });
  const [pool] = useOfClass(limits('10.100.0.0/16', 20), [wide]).pools;
  expect(pool).toMatchObject({ subnets: 16, free: 12, tunnels: 0 });
  const narrow = entry(0, '10.100.16.0/28', { className: 'narrow' });
  expect(useOfClass(limits('10.100.0.0/16', 20), [narrow]).pools[0]).toMatchObject({ free: 15 });
});

test('excluded subnets do not count, also where a tunnel lives in one', () => {
  const use = useOfClass(limits('10.100.0.0/14', 16, ['10.101.0.0/16', '10.102.7.0/24']), [
    entry(0, '10.101.0.0/16'),
  ]);
  expect(use.pools).toMatchObject([{ subnets: 2, free: 2, tunnels: 1 }]);
  expect(use.outside).toBe(0);
});

test('tunnels in no pool any more are counted apart', () => {
  const use = useOfClass(limits('10.100.0.0/14', 16), [
    entry(0, '10.200.0.0/16'),
    entry(1, '10.100.16.0/20'),
    entry(2, '10.100.0.0/16', { className: 'other' }),
  ]);
  expect(use).toMatchObject({ outside: 2, pools: [{ tunnels: 0, free: 3 }] });
});

test('a class whose tunnels may share has a subnet as long as one is nobody else’s, and then its ports count', () => {
  const mayShareWith = ({ className }: TunnelEntry): boolean => className === 'standard';
  const shared = { ...limits('10.100.0.0/15', 16), mayShareWith };
  const three = [0, 1, 2].map((index) => entry(index, '10.100.0.0/16'));
  const use = useOfClass(shared, three);
  expect(use.pools).toMatchObject([{ subnets: 2, free: 2, tunnels: 3 }]);
  expect(freeTunnels(use, true)).toBe(7);
  const others = ['10.100.0.0/16', '10.101.0.0/16'].map((subnet, i) =>
    entry(i, subnet, { className: 'other' }),
  );
  expect(freeTunnels(useOfClass(shared, others), true)).toBe(0);
});

test('it says 0 exactly when a claim is refused, whatever was taken', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(7), { maxLength: 6 }),
      fc.integer({ min: 1, max: 8 }),
      async (pins, ports) => {
        const ledger = ledgerOver(new MemoryStore());
        const pools = () => parsePools([{ cidr: '10.8.0.0/13', prefixLength: 16 }], ['10.9.0.0/16']);
        const range = { first: 1000, last: 999 + ports };
        const ask = (n: number, subnet?: string) =>
          ledger
            .claimTunnel(
              tunnelRequest(`t-${n}`, { pools, ports: range, pins: subnet === undefined ? {} : { subnet } }),
            )
            .catch(() => {});
        for (const [n, pin] of pins.entries()) await ask(n, `10.${8 + pin}.0.0/16`);
        const free = freeTunnels(
          useOfClass({ name: 'standard', pools: pools(), ports: range }, ledger.tunnels.values()),
          false,
        );
        for (let n = 0; n < 9; n++) await ask(100 + n);
        const given = [...ledger.tunnels.values()].filter(({ tenant }) => /^t-1\d\d$/.test(tenant));
        expect(given).toHaveLength(free);
      },
    ),
    { numRuns: 60 },
  );
});

test('nine in ten are nearly all, and all is exhausted', () => {
  expect([0, 8, 9, 10].map((taken) => pressureOf(10, 10 - taken))).toEqual([
    'Enough',
    'Enough',
    'NearlyExhausted',
    'Exhausted',
  ]);
  expect([pressureOf(1, 1), pressureOf(1, 0), pressureOf(0, 0)]).toEqual([
    'Enough',
    'Exhausted',
    'Exhausted',
  ]);
  expect([nearlyAll(253), nearlyAll(156), nearlyAll(1)]).toEqual([228, 141, 1]);
  fc.assert(
    fc.property(fc.nat(70_000), fc.nat(70_000), (total, taken) => {
      fc.pre(taken <= total);
      const expected =
        taken === total ? 'Exhausted' : taken >= nearlyAll(total) ? 'NearlyExhausted' : 'Enough';
      expect(pressureOf(total, total - taken)).toBe(expected);
    }),
  );
});
