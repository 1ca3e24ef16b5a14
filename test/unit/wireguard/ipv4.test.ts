import fc from 'fast-check';
import { Address4 } from 'ip-address';
import {
  contains,
  covers,
  formatAddress,
  formatNetwork,
  parseAddress,
  parseCidr,
} from '../../../src/wireguard/ipv4.ts';

const cidrs = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, length]) => `${address}/${length}`);
const near = fc.oneof(
  cidrs,
  fc.ipV4(),
  fc.stringMatching(/^[0-9./]{1,20}$/),
  fc.tuple(cidrs, fc.constantFrom('\n', ' ', '0', '/', '.', 'x')).map(([text, more]) => text + more),
  fc.tuple(fc.constantFrom(' ', '0', '\n', '.'), cidrs).map(([more, text]) => more + text),
);

describe('IPv4 networks', () => {
  test('are what ip-address takes for one', () => {
    fc.assert(
      fc.property(near, (text) => {
        const isCidr = /^[^/]+\/(\d|[1-9]\d)$/.test(text) && text.trim() === text && Address4.isValid(text);
        expect(parseCidr(text) !== undefined).toBe(isCidr);
        expect(parseAddress(text) !== undefined).toBe(
          !text.includes('/') && text.trim() === text && Address4.isValid(text),
        );
      }),
      { numRuns: 5000 },
    );
  });

  test('have the numbers that ip-address computes', () => {
    fc.assert(
      fc.property(cidrs, fc.ipV4(), (text, address) => {
        const parsed = parseCidr(text);
        const reference = new Address4(text);
        expect(parsed).toEqual({
          address: Number(reference.bigInt()),
          base: Number(reference.startAddress().bigInt()),
          length: reference.subnetMask,
        });
        if (parsed === undefined) return;
        expect(formatNetwork(parsed)).toBe(
          `${reference.startAddress().correctForm()}/${reference.subnetMask}`,
        );
        expect(contains(parsed, parseAddress(address) ?? -1)).toBe(
          new Address4(address).isInSubnet(reference),
        );
        expect(formatAddress(parseAddress(address) ?? -1)).toBe(address);
      }),
      { numRuns: 2000 },
    );
  });

  test('cover those that lie in them whole', () => {
    fc.assert(
      fc.property(cidrs, cidrs, (outer, inner) => {
        const [a, b] = [parseCidr(outer), parseCidr(inner)];
        if (a === undefined || b === undefined) throw new Error('not reached');
        expect(covers(a, b)).toBe(a.length <= b.length && contains(a, b.base));
      }),
    );
  });
});
