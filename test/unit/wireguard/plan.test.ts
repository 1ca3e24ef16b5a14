import fc from 'fast-check';
import {
  isOfIPv6,
  KERNEL_SETTINGS,
  KERNEL_SETTINGS_6,
} from '../../../src/wireguard/tunnel/kernel-settings.ts';
import { sameSettings } from '../../../src/wireguard/tunnel/peers.ts';
import { planRemoval, planTunnel } from '../../../src/wireguard/tunnel/plan.ts';
import type { DesiredTunnel, ObservedTunnel } from '../../../src/wireguard/tunnel/state.ts';
import type { Step } from '../../../src/wireguard/tunnel/steps.ts';
import { describe as inWords } from '../../../src/wireguard/tunnel/steps.ts';
import { keyOf } from './peers.ts';
import { applyStep, desired, NOTHING, observed } from './tunnel-model.ts';

const kinds = fc.constantFrom('wireguard', 'tun') as fc.Arbitrary<'wireguard' | 'tun'>;

const applyAll = (
  node: ObservedTunnel,
  steps: readonly Step[],
  kind: 'wireguard' | 'tun' = 'tun',
): ObservedTunnel => steps.reduce((state, step) => applyStep(state, step, kind), node);

/** Ports that are in the way are a matter of their own, below. */
function planFreely(tunnel: DesiredTunnel, node: ObservedTunnel): Step[] {
  const busy = node.usedPorts.has(tunnel.listenPort) && node.device?.listenPort !== tunnel.listenPort;
  fc.pre(!busy);
  try {
    return planTunnel(tunnel, node);
  } catch (error) {
    // Of an interface that has to be made anew the port is still in use while it is planned.
    fc.pre((error as { code?: string }).code !== 'PortInUse');
    throw error;
  }
}

function expectReached(node: ObservedTunnel, tunnel: DesiredTunnel): void {
  expect(node).toMatchObject({
    namespace: 'present',
    loopbackUp: true,
    firewall: tunnel.firewall,
    place: 'placed',
    up: true,
    mtu: tunnel.mtu,
  });
  // A node without IPv6 carries the tunnel all the same.
  const carried = tunnel.addresses.filter((address) => !node.lacksIPv6 || !address.includes(':'));
  expect(new Set(node.addresses)).toEqual(new Set(carried));
  expect(new Set(node.routes)).toEqual(new Set(tunnel.routes));
  expect(node.device?.publicKey).toBe(tunnel.publicKey);
  expect(node.device?.listenPort).toBe(tunnel.listenPort);
  expect(node.usedPorts.has(tunnel.listenPort)).toBe(true);
  expect(new Set(node.device?.peers.keys())).toEqual(new Set(tunnel.peers.keys()));
  for (const [key, settings] of tunnel.peers)
    expect(sameSettings(node.device?.peers.get(key), settings)).toBe(true);
  const settings = carried.some((address) => address.includes(':')) ? KERNEL_SETTINGS_6 : KERNEL_SETTINGS;
  for (const { path, value } of settings)
    if (!node.lacksIPv6 || !isOfIPv6(path)) expect([value, null]).toContain(node.settings[path]);
}

const example = (changes: Partial<DesiredTunnel> = {}): DesiredTunnel => ({
  ...(fc.sample(desired, { seed: 1, numRuns: 1 })[0] as DesiredTunnel),
  listenPort: 51_820,
  ...changes,
});

describe('the plan of a tunnel', () => {
  test('leads from any half of a tunnel to the whole of it', () => {
    fc.assert(
      fc.property(desired, observed, kinds, (tunnel, node, kind) => {
        expectReached(applyAll(node, planFreely(tunnel, node), kind), tunnel);
      }),
      { numRuns: 400 },
    );
  });

  test('is empty where it has just been carried out', () => {
    fc.assert(
      fc.property(desired, observed, kinds, (tunnel, node, kind) => {
        const reached = applyAll(node, planFreely(tunnel, node), kind);
        expect(planTunnel(tunnel, reached)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('cut short after any step, another plan does the rest', () => {
    fc.assert(
      fc.property(desired, observed, kinds, fc.nat(40), (tunnel, node, kind, at) => {
        const steps = planFreely(tunnel, node);
        const cut = applyAll(node, steps.slice(0, at), kind);
        expectReached(applyAll(cut, planFreely(tunnel, cut), kind), tunnel);
      }),
      { numRuns: 700 },
    );
  });

  test('never tears down what can be gone on with, and never names a peer that is right already', () => {
    fc.assert(
      fc.property(desired, desired, (before, after) => {
        const node = applyAll(NOTHING, planTunnel(before, NOTHING));
        const steps = planFreely(after, node);
        const named = steps.flatMap((step) =>
          step.do === 'setDevice' ? [...step.remove, ...step.set.keys()] : [],
        );
        for (const [key, settings] of after.peers) {
          if (sameSettings(before.peers.get(key), settings)) expect(named).not.toContain(key);
        }
        const harmful = ['removeInterface', 'endProcess', 'addInterface', 'linkDown', 'removeNamespace'];
        expect(steps.map((step) => step.do).filter((name) => harmful.includes(name))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('an unchanged peer has its networks after every single step', () => {
    fc.assert(
      fc.property(desired, desired, (before, after) => {
        let node = applyAll(NOTHING, planTunnel(before, NOTHING));
        for (const step of planFreely(after, node)) {
          node = applyStep(node, step, 'tun');
          for (const [key, settings] of after.peers) {
            if (sameSettings(before.peers.get(key), settings)) {
              expect(sameSettings(node.device?.peers.get(key), settings)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('makes rules before the interface, and brings it up last, when it has keys and peers', () => {
    const names = planTunnel(
      example({ peers: new Map([[keyOf(1), { allowedIPs: ['10.100.1.1/32'] }]]) }),
      NOTHING,
    ).map((step) => step.do);
    const order = ['addNamespace', 'setFirewall', 'addInterface', 'moveInterface', 'setDevice', 'linkUp'];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
    expect(names.lastIndexOf('setKernel')).toBeLessThan(names.indexOf('addInterface'));
  });

  test('a network that moves from one peer to another ends with the other', () => {
    const first = example({
      peers: new Map([[keyOf(1), { allowedIPs: ['10.100.1.1/32', '192.168.1.0/24'] }]]),
    });
    const second = example({
      peers: new Map([
        [keyOf(2), { allowedIPs: ['192.168.1.0/24'] }],
        [keyOf(1), { allowedIPs: ['10.100.1.1/32'] }],
      ]),
    });
    const node = applyAll(NOTHING, planTunnel(first, NOTHING));
    const peers = applyAll(node, planTunnel(second, node)).device?.peers;
    expect(peers?.get(keyOf(2))?.allowedIPs).toEqual(['192.168.1.0/24']);
    expect(peers?.get(keyOf(1))?.allowedIPs).toEqual(['10.100.1.1/32']);
  });

  test('two peers that swap their networks have swapped them', () => {
    const of = (one: string, two: string): DesiredTunnel =>
      example({
        peers: new Map([
          [keyOf(1), { allowedIPs: [one] }],
          [keyOf(2), { allowedIPs: [two] }],
        ]),
      });
    const node = applyAll(NOTHING, planTunnel(of('10.100.1.1/32', '10.100.1.2/32'), NOTHING));
    const after = of('10.100.1.2/32', '10.100.1.1/32');
    expectReached(applyAll(node, planTunnel(after, node)), { ...after, routes: after.routes });
  });

  test('a pre-shared key that comes, changes or goes is a change of its peer alone', () => {
    const of = (presharedKey?: string): DesiredTunnel => {
      const allowedIPs = ['10.100.1.1/32'];
      const settings = presharedKey === undefined ? { allowedIPs } : { allowedIPs, presharedKey };
      return example({ peers: new Map([[keyOf(1), settings]]) });
    };
    for (const [from, to] of [
      [undefined, keyOf(8)],
      [keyOf(8), keyOf(9)],
      [keyOf(9), undefined],
    ]) {
      const node = applyAll(NOTHING, planTunnel(of(from), NOTHING));
      const steps = planTunnel(of(to), node);
      expect(steps.map((step) => step.do)).toEqual(['setDevice']);
      expect(applyAll(node, steps).device?.peers.get(keyOf(1))?.presharedKey).toBe(to);
    }
  });

  test('another private key is set without touching anything else', () => {
    const node = applyAll(NOTHING, planTunnel(example(), NOTHING));
    const other = fc
      .sample(desired, { seed: 3, numRuns: 50 })
      .find(({ publicKey }) => publicKey !== example().publicKey) as DesiredTunnel;
    const steps = planTunnel(example({ privateKey: other.privateKey, publicKey: other.publicKey }), node);
    expect(steps).toEqual([{ do: 'setDevice', privateKey: other.privateKey, remove: [], set: new Map() }]);
  });

  test('an interface that is up and does not listen is taken down and up again, with its routes', () => {
    const tunnel = example({ routes: ['192.168.9.0/24'] });
    const node = applyAll(NOTHING, planTunnel(tunnel, NOTHING));
    const steps = planTunnel(tunnel, { ...node, usedPorts: new Set() });
    expect(steps.map((step) => step.do)).toEqual(['linkDown', 'linkUp', 'setRoutes']);
  });

  test('a dead process leads to a new interface, with everything that it had', () => {
    const tunnel = example({ peers: new Map([[keyOf(1), { allowedIPs: ['10.100.1.1/32'] }]]) });
    const node = applyAll(NOTHING, planTunnel(tunnel, NOTHING));
    const dead: ObservedTunnel = {
      ...node,
      place: 'absent',
      kind: null,
      device: null,
      process: 'dead',
      up: false,
      addresses: [],
      routes: [],
      usedPorts: new Set(),
    };
    expectReached(applyAll(dead, planTunnel(tunnel, dead)), tunnel);
  });

  test('a UDP port that something else has is refused before anything is changed', () => {
    expect(() => planTunnel(example(), { ...NOTHING, usedPorts: new Set([51_820]) })).toThrow(
      expect.objectContaining({ code: 'PortInUse', message: expect.stringContaining('51820') }),
    );
  });

  test("somebody else's interface is never touched", () => {
    fc.assert(
      fc.property(desired, observed, (tunnel, node) => {
        expect(() => planTunnel(tunnel, { ...node, taken: true })).toThrow(
          expect.objectContaining({ code: 'InterfaceTaken' }),
        );
        expect(planRemoval({ ...node, place: 'absent', taken: true }).map((step) => step.do)).not.toContain(
          'endProcess',
        );
      }),
    );
  });

  test('the words for a change name no secret', () => {
    fc.assert(
      fc.property(desired, (tunnel) => {
        const words = planTunnel(tunnel, NOTHING).flatMap(inWords).join('\n');
        expect(words).not.toContain(tunnel.privateKey);
        for (const { presharedKey } of tunnel.peers.values()) {
          if (presharedKey !== undefined) expect(words).not.toContain(presharedKey);
        }
      }),
    );
  });
});

describe('the plan of a removal', () => {
  test('leads from any half of a tunnel to nothing, the name last', () => {
    fc.assert(
      fc.property(observed, (node) => {
        const steps = planRemoval(node);
        expect(applyAll(node, steps)).toMatchObject({
          namespace: 'absent',
          place: 'absent',
          process: 'none',
        });
        if (node.namespace !== 'absent') expect(steps.at(-1)?.do).toBe('removeNamespace');
      }),
    );
  });

  test('of nothing is empty', () => expect(planRemoval(NOTHING)).toEqual([]));
});
