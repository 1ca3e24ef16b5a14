import fc from 'fast-check';
import { inBatches, ipLines } from '../../../src/wireguard/tunnel/ip-batch.ts';
import { planTunnel } from '../../../src/wireguard/tunnel/plan.ts';
import type { Step } from '../../../src/wireguard/tunnel/steps.ts';
import { desired, NOTHING } from './tunnel-model.ts';

const OF_IP: readonly Step[] = [
  { do: 'loopbackUp' },
  { do: 'setMtu', mtu: 1420 },
  { do: 'addAddress', address: '10.100.0.1/16' },
  { do: 'removeAddress', address: '10.100.0.2/16' },
  { do: 'linkDown' },
  { do: 'linkUp', listenPort: 51_820 },
  { do: 'setRoutes', remove: ['192.168.7.0/24'], add: ['192.168.8.0/24', '192.168.9.0/24'] },
];
const OTHERS: readonly Step[] = [
  { do: 'addNamespace', broken: false },
  { do: 'setKernel', path: 'net/ipv4/ip_forward', value: '1' },
  { do: 'setFirewall', table: '' },
  { do: 'addInterface' },
  { do: 'moveInterface' },
  { do: 'setDevice', remove: [], set: new Map() },
  { do: 'removeInterface', place: 'placed' },
  { do: 'endProcess' },
  { do: 'removeNamespace', broken: false },
];

describe('what ip is told in one go', () => {
  test('is a line or more for each of its steps', () => {
    expect(OF_IP.flatMap((step) => ipLines('wg0', step))).toEqual([
      'link set lo up',
      'link set wg0 mtu 1420',
      'addr add 10.100.0.1/16 dev wg0',
      'addr del 10.100.0.2/16 dev wg0',
      'link set wg0 down',
      'link set wg0 up',
      'route del 192.168.7.0/24',
      'route replace 192.168.8.0/24 dev wg0 proto static',
      'route replace 192.168.9.0/24 dev wg0 proto static',
    ]);
    expect(OTHERS.flatMap((step) => ipLines('wg0', step) ?? [])).toEqual([]);
  });

  test('is as many steps as follow each other, and every step stays in its place', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...OF_IP, ...OTHERS), { maxLength: 20 }), (steps) => {
        const batches = inBatches('wg0', steps);
        expect(batches.flat()).toEqual(steps);
        const kinds = batches.map((batch) => new Set(batch.map((step) => OF_IP.includes(step))));
        for (const [index, kind] of kinds.entries()) {
          expect(kind.size).toBe(1);
          if (kind.has(false)) expect(batches[index]).toHaveLength(1);
          else if (index > 0) expect(kinds[index - 1]?.has(false)).toBe(true);
        }
      }),
    );
  });

  test('is all that a new interface takes after its keys', () => {
    fc.assert(
      fc.property(desired, (tunnel) => {
        const batches = inBatches('wg0', planTunnel(tunnel, NOTHING));
        expect(batches.at(-2)?.map((step) => step.do)).toEqual(['setDevice']);
        expect(batches.at(-1)?.map((step) => step.do)).toContain('linkUp');
      }),
    );
  });
});
