import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { missingCapabilities } from '../../../src/wireguard/device/availability.ts';

const status = (effective: bigint): string =>
  `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective.toString(16).padStart(16, '0')}\nCapBnd:\t000001ffffffffff\n`;

describe('the capabilities that a sidecar lacks', () => {
  test.each<[effective: bigint, lacking: string[]]>([
    [0x1ffffffffffn, []],
    [(1n << 12n) | (1n << 21n), []],
    [0x1ffffffffffn ^ (1n << 12n), ['CAP_NET_ADMIN']],
    [0x1ffffffffffn ^ (1n << 21n), ['CAP_SYS_ADMIN']],
    // What a container has that is not privileged.
    [0xa80425fbn, ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']],
    [0n, ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']],
  ])('of %i are %j', (effective, lacking) => expect(missingCapabilities(status(effective))).toEqual(lacking));

  test('are those whose bit is not set, whatever the others', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 41n - 1n }), (effective) => {
        const lacking = missingCapabilities(status(effective));
        expect(lacking.includes('CAP_NET_ADMIN')).toBe(((effective >> 12n) & 1n) === 0n);
        expect(lacking.includes('CAP_SYS_ADMIN')).toBe(((effective >> 21n) & 1n) === 0n);
      }),
    );
  });

  test('are all where nothing is said of them', () => {
    expect(missingCapabilities('')).toEqual(['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
    expect(missingCapabilities('CapEff:\tnone\n')).toEqual(['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
  });

  test('are read of this process', () => {
    const own = missingCapabilities(readFileSync('/proc/self/status', 'utf8'));
    expect(['CAP_NET_ADMIN', 'CAP_SYS_ADMIN']).toEqual(expect.arrayContaining(own));
  });
});
