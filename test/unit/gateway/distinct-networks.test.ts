import fc from 'fast-check';
import { networksOf, overlapping } from '../../../src/gateway/distinct-networks.ts';

const networksOfAll = (peers: Record<string, string[]>) =>
  Object.entries(peers).flatMap(([publicKey, texts]) =>
    networksOf({ publicKey, allowedIPs: ['10.100.1.1/32', ...texts] }),
  );
const withoutOf = (peers: Record<string, string[]>) =>
  Object.fromEntries([...overlapping(networksOfAll(peers))].map(([key, texts]) => [key, [...texts]]));

test('of equal networks that of the first peer stays, of overlapping ones the widest', () => {
  expect(withoutOf({ a: ['192.168.1.0/24'], b: ['192.168.1.0/24', '192.168.2.0/24'] })).toEqual({
    b: ['192.168.1.0/24'],
  });
  expect(withoutOf({ a: ['192.168.1.0/24'], b: ['192.168.0.0/16'] })).toEqual({ a: ['192.168.1.0/24'] });
});

test('a peer may have one inside another of its own', () => {
  expect(withoutOf({ a: ['10.1.0.0/16', '10.1.1.0/24', '10.1.1.0/25'], b: ['10.2.0.0/16'] })).toEqual({});
});

test('what is left never overlaps, and what overlaps nothing is left', () => {
  const text = fc.constantFrom(
    ...['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/24', '10.1.0.128/25', '10.1.1.0/24', '10.2.0.0/15'],
    ...['172.16.0.0/12', '255.255.255.255/32', '192.168.1.1/32'],
  );
  const peers = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.uniqueArray(text, { maxLength: 4 }));
  fc.assert(
    fc.property(peers, (all) => {
      const networks = networksOfAll(all);
      const without = overlapping(networks);
      const left = networks.filter(({ publicKey, text: name }) => !without.get(publicKey)?.has(name));
      const meet = (some: typeof networks, one: (typeof networks)[number]) =>
        some.some(
          (other) => other.publicKey !== one.publicKey && other.first <= one.last && one.first <= other.last,
        );
      for (const one of left) expect(meet(left, one)).toBe(false);
      for (const one of networks) if (!meet(networks, one)) expect(left).toContainEqual(one);
    }),
    { numRuns: 500 },
  );
});
