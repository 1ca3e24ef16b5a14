import fc from 'fast-check';
import {
  compareRouterOsVersions,
  isInRange,
  parseRouterOsVersion,
  parseVersionRange,
} from '../../../../src/api/index.ts';

const ORDER = [
  '6.49.10 (long-term)',
  '7.1beta6',
  '7.1rc1',
  '7.1rc7',
  '7.1',
  '7.1.5 (stable)',
  '7.9',
  '7.9.2',
  '7.10',
  '7.16.2 (stable)',
  '7.24beta3 (testing)',
  '7.24 (stable)',
  '10.0',
];

test('versions are in the order of their release', () => {
  const parsed = ORDER.map((text) => {
    const version = parseRouterOsVersion(text);
    if (version === undefined) throw new Error(text);
    return version;
  });
  for (const [at, one] of parsed.entries()) {
    for (const [other, next] of parsed.entries()) {
      expect([ORDER[at], ORDER[other], Math.sign(compareRouterOsVersions(one, next))]).toEqual([
        ORDER[at],
        ORDER[other],
        Math.sign(at - other),
      ]);
    }
  }
});

test.each(['', '7', '7.', 'x7.16', '7.16-2', '7.16beta', '7.16.2.1', '-7.1', '7.99999'])(
  '%j is no version',
  (text) => {
    expect(parseRouterOsVersion(text)).toBeUndefined();
  },
);

test('whatever a router says, it is parsed or not, and nothing is thrown', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      parseRouterOsVersion(text);
      parseVersionRange(text);
    }),
  );
});

test.each([
  ['>=7.16 <7.24', '7.20.1', true],
  ['  >=7.16   <7.24 ', '7.24', false],
  ['=7.16', '7.16.1', false],
  ['>7.16', '7.16', false],
  ['<=7.16', '7.16', true],
])('%s with %s: %s', (range, text, is) => {
  const version = parseRouterOsVersion(text);
  const parsed = parseVersionRange(range);
  expect(version && parsed && isInRange(version, parsed)).toBe(is);
});

test.each(['', '7.16', '>= 7.16', '>=7', '~7.16', '>=7.16,<7.24', '>=7.16 and'])('%j is no range', (text) => {
  expect(parseVersionRange(text)).toBeUndefined();
});
