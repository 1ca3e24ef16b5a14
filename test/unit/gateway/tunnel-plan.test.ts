import fc from 'fast-check';
import { type DesiredTunnel, desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { type Given, planTunnel } from '../../../src/gateway/tunnel-plan.ts';
import type { Peer } from '../../../src/wireguard/index.ts';
import { objectsOf, peerAt, tunnelObject } from './fixtures.ts';

const all = Array.from({ length: 8 }, (_, number) => peerAt(number + 1));
const desiredOf = (
  numbers: readonly number[],
  fields: object = {},
  problems: DesiredTunnel['problems'] = [],
) => ({
  ...desiredTunnel(
    3,
    objectsOf(
      all.filter((_, number) => numbers.includes(number)),
      { tunnel: tunnelObject(fields) },
    ),
    new TunnelMemory(),
  ),
  problems,
});
const BROKEN = [{ reason: 'Pending', message: 'A block is missing.' }] as const;
const given = (numbers: readonly number[]): Given => {
  const step = planTunnel(desiredOf(numbers), undefined, false);
  if (step.call !== 'put') throw new Error('Expected a put.');
  return step.given;
};

describe('the next call to the sidecar', () => {
  test('is the whole at first', () => {
    const step = planTunnel(desiredOf([0, 1]), undefined, true);
    expect(step).toMatchObject({ call: 'put', state: { interfaceName: 'wg3', listenPort: 51_823 } });
  });

  test('is the whole when the interface itself changed', () => {
    expect(planTunnel(desiredOf([0], { mtu: 1400 }), given([0]), true).call).toBe('put');
    expect(planTunnel(desiredOf([0], { routerToRouter: 'Deny' }), given([0]), true)).toMatchObject({
      call: 'put',
      state: { routerToRouter: 'Deny' },
    });
  });

  test('is nothing when nothing changed', () => {
    expect(planTunnel(desiredOf([0, 1]), given([0, 1]), true)).toEqual({ call: 'none' });
  });

  test('is the difference when peers changed', () => {
    const step = planTunnel(desiredOf([1, 2]), given([0, 1]), true);
    expect(step).toMatchObject({
      call: 'patch',
      change: { set: [{ publicKey: all[2]?.publicKey }], remove: [all[0]?.publicKey] },
    });
  });

  test('is nothing where the interface must be left alone', () => {
    const desired = { ...desiredOf([0]), interface: undefined };
    expect(planTunnel(desired, undefined, false)).toEqual({ call: 'none' });
  });

  test('adds but takes nothing away while blocks are missing, and takes away afterwards', () => {
    const step = planTunnel(desiredOf([1, 2], {}, [...BROKEN]), given([0, 1]), true);
    if (step.call !== 'patch') throw new Error('Expected a patch.');
    expect(step.change).toMatchObject({ set: [{ publicKey: all[2]?.publicKey }], remove: [] });
    expect(planTunnel(desiredOf([1, 2]), step.given, true)).toMatchObject({
      call: 'patch',
      change: { set: [], remove: [all[0]?.publicKey] },
    });
  });

  test('while blocks are missing, leaves an interface alone that another process made, and makes one that is not there', () => {
    expect(planTunnel(desiredOf([1], {}, [...BROKEN]), undefined, true)).toEqual({ call: 'none' });
    expect(planTunnel(desiredOf([1], {}, [...BROKEN]), undefined, false)).toMatchObject({ call: 'put' });
  });
});

test('whatever the changes, the interface ends as the last complete reading, and no incomplete one removes', () => {
  const subset = fc.subarray([0, 1, 2, 3, 4, 5, 6, 7]);
  const readings = fc.array(fc.record({ peers: subset, broken: fc.boolean() }), { maxLength: 20 });
  fc.assert(
    fc.property(readings, (steps) => {
      const device = new Map<string, Peer>();
      let known: Given | undefined;
      for (const { peers, broken } of steps) {
        const before = new Set(device.keys());
        const desired = desiredOf(peers, {}, broken ? [...BROKEN] : []);
        const step = planTunnel(desired, known, known !== undefined);
        if (step.call === 'put') {
          device.clear();
          for (const peer of step.state.peers) device.set(peer.publicKey, peer);
        }
        if (step.call === 'patch') {
          for (const peer of step.change.set) device.set(peer.publicKey, peer);
          for (const key of step.change.remove) device.delete(key);
        }
        if (step.call !== 'none') known = step.given;
        const wanted = [...desired.peers.keys()];
        if (broken) for (const key of before) expect(device.has(key)).toBe(true);
        else expect([...device.keys()].sort()).toEqual(wanted.sort());
        for (const key of wanted) expect(device.has(key)).toBe(true);
      }
    }),
  );
});
