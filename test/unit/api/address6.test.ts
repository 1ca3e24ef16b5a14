import fc from 'fast-check';
import { addressIn6, isSubnet6, placeIn6 } from '../../../src/api/index.ts';

const group = fc.integer({ min: 0, max: 0xffff });
const first = fc.oneof(fc.integer({ min: 0x2000, max: 0x3fff }), fc.integer({ min: 0xfc00, max: 0xfdff }));
const host = fc.integer({ min: 1, max: 0xffff });

/** As RFC 5952 spells a /64: its groups without zeros at the end, then `::`. */
function spelled(groups: readonly number[]): string {
  const last = groups.findLastIndex((part) => part !== 0);
  return `${groups
    .slice(0, last + 1)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

const subnet = fc.tuple(first, group, group, group).map(spelled);

describe('addresses of IPv6 in a tunnel', () => {
  test('lead back to subnet and host, and no two are equal', () => {
    fc.assert(
      fc.property(subnet, host, subnet, host, (one, a, other, b) => {
        expect(isSubnet6(one)).toBe(true);
        const address = addressIn6(one, a);
        expect(placeIn6(address)).toEqual({ subnet6: one, host: a });
        expect(address === addressIn6(other, b)).toBe(one === other && a === b);
        // The one spelling of the address, by the platform's own reading of it.
        expect(new URL(`http://[${address}]/`).hostname).toBe(`[${address}]`);
      }),
      { numRuns: 2000 },
    );
  });

  test('are these', () => {
    expect(addressIn6('fd12:3456:789a:5::/64', 1)).toBe('fd12:3456:789a:5::1');
    expect(addressIn6('fd12:3456:789a:5::/64', 256 + 7)).toBe('fd12:3456:789a:5::107');
    expect(addressIn6('fd12::/64', 0xffff)).toBe('fd12::ffff');
  });

  test.each([
    '',
    'fd12::',
    'fd12::/63',
    'fd12::1/64',
    'FD12::/64',
    'fd12:0::/64',
    'fd12:0:0:0::/64',
    'fd12:00a1::/64',
    'fe80::/64',
    'ff02::/64',
    '::/64',
    '4000::/64',
    'fd12:1:2:3:4::/64',
    '10.0.0.0/64',
    7,
  ])('no subnet is %p', (text) => expect(isSubnet6(text)).toBe(false));

  test.each(['fd12::', 'fd12::0', 'fd12::01', 'fd12::1:1', 'fd12::1/128', 'fe80::1', '::1', '10.100.0.1'])(
    'no address of a tunnel is %p',
    (text) => expect(placeIn6(text)).toBeUndefined(),
  );

  test.each([0, -1, 1.5, 65_536, Number.NaN])('no host is %p', (number) =>
    expect(() => addressIn6('fd12::/64', number)).toThrow(RangeError),
  );
});
