/** Pools, exclusions and what is left of them, held against a count subnet by subnet. */
import fc from 'fast-check';
import { countOf, firstGap, merged } from '../../../src/allocation/intervals.ts';
import { type Network, overlaps, parseNetwork } from '../../../src/allocation/ipv4.ts';
import {
  firstFreeSubnet,
  isExcluded,
  isSubnetOf,
  type Pools,
  parsePools,
  reaches,
  subnetAt,
  subnetCount,
} from '../../../src/allocation/pools.ts';
import { processorMs } from '../../testbed/processor-time.ts';

const interval = fc.record({ from: fc.nat(40), to: fc.nat(40) });

test('intervals hold the numbers that they hold, however they overlap', () => {
  fc.assert(
    fc.property(fc.array(interval), fc.nat(45), (list, end) => {
      const numbers = Array.from({ length: 50 }, (_, n) => n);
      const held = new Set(numbers.filter((n) => list.some(({ from, to }) => from <= n && n < to)));
      expect(countOf(list)).toBe(held.size);
      expect(firstGap(list, end)).toBe(numbers.find((n) => n < end && !held.has(n)));
      const parts = merged(list);
      for (const [i, part] of parts.entries()) {
        expect(part.from).toBeLessThan(part.to);
        expect(part.from).toBeGreaterThan(parts[i - 1]?.to ?? -1);
      }
    }),
  );
});

/** Networks in and around 10.0.0.0/16. */
const network = fc
  .record({ length: fc.integer({ min: 14, max: 28 }), at: fc.nat(2 ** 18 - 1) })
  .map(({ length, at }): Network => {
    const size = 2 ** (32 - length);
    return { length, base: parseNetwork('9.254.0.0/16').base + Math.floor(at / size) * size };
  });

const pools = fc
  .record({
    some: fc.subarray(['10.0.0.0/19', '10.0.32.0/19', '10.0.64.0/20', '9.255.128.0/18'], { minLength: 1 }),
    lengths: fc.array(fc.integer({ min: 20, max: 25 }), { minLength: 4, maxLength: 4 }),
    exclude: fc.array(network, { maxLength: 4 }),
  })
  .map(({ some, lengths, exclude }): Pools => {
    const cut = parsePools(some.map((cidr, i) => ({ cidr, prefixLength: lengths[i] ?? 24 })));
    return { ...cut, exclude };
  });

const allOf = (of: Pools): Network[] =>
  Array.from({ length: subnetCount(of) }, (_, n) => subnetAt(of, n) as Network);

test('the first free subnet is the first by number that nothing overlaps', () => {
  fc.assert(
    fc.property(pools, fc.array(network, { maxLength: 12 }), (of, taken) => {
      const free = allOf(of).filter(
        (subnet) => !isExcluded(of, subnet) && !taken.some((one) => overlaps(one, subnet)),
      );
      expect(firstFreeSubnet(of, taken)).toEqual(free[0]);
    }),
  );
});

test('pools reach a network that one of their subnets overlaps which is not excluded', () => {
  fc.assert(
    fc.property(pools, network, (of, one) => {
      const touching = allOf(of).filter((subnet) => !isExcluded(of, subnet) && overlaps(subnet, one));
      expect(reaches(of, one)).toBe(touching.length > 0);
    }),
  );
});

test('a million subnets of 10.0.0.0/8 are looked through in no time', () => {
  const wide = parsePools([{ cidr: '10.0.0.0/8', prefixLength: 28 }], ['10.0.0.0/9']);
  expect(subnetCount(wide)).toBe(2 ** 20);
  const taken = Array.from({ length: 5000 }, (_, n) => subnetAt(wide, 2 ** 19 + n) as Network);
  const begun = processorMs();
  expect(firstFreeSubnet(wide, taken)).toEqual(subnetAt(wide, 2 ** 19 + 5000));
  expect(processorMs() - begun).toBeLessThan(100);
});

test('a subnet belongs to a pool of its own length only', () => {
  const of = parsePools([
    { cidr: '10.0.0.0/16', prefixLength: 20 },
    { cidr: '10.1.0.0/16', prefixLength: 22 },
  ]);
  const belongs = (cidr: string): boolean => isSubnetOf(of, parseNetwork(cidr));
  expect([belongs('10.0.16.0/20'), belongs('10.0.16.0/22'), belongs('10.1.16.0/22')]).toEqual([
    true,
    false,
    true,
  ]);
});
