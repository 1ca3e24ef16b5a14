/** What was handed over names a node: in a cluster that does not have it, as after a restore, the tunnel lies nowhere. */
import { currentNode } from '../../../src/controller/gateways.ts';
import { Pulses } from '../../../src/controller/pulses.ts';
import type { World } from '../../../src/controller/world.ts';
import { type Lease, microTime } from '../../../src/kube/index.ts';
import { FakeClock } from '../kube/fake-clock.ts';

const GATEWAY = 'vpn.traidnet.io/gateway';

interface Setting {
  nodes?: string[];
  /** Node → how many seconds ago its agent last said that it is alive. */
  heartbeats?: Record<string, number>;
}

function placedOn(node: string, { nodes = [], heartbeats = {} }: Setting): string | undefined {
  const clock = new FakeClock();
  const pulses = new Pulses(clock, () => undefined);
  const leases = Object.entries(heartbeats).map(([name, seconds]) => ({
    metadata: { name: `gateway-${name}`, labels: { [GATEWAY]: name } },
    spec: { leaseDurationSeconds: 40, renewTime: microTime(clock.wall() - seconds * 1000) },
  }));
  for (const lease of leases) pulses.see({ type: 'added', object: lease as unknown as Lease });
  const world = {
    pulses,
    gatewayNamespace: 'gateways',
    caches: {
      configMaps: {
        get: (key: string) =>
          key === 'gateways/tunnel-0'
            ? { metadata: { name: 'tunnel-0', labels: { [GATEWAY]: node } } }
            : undefined,
      },
      nodes: { get: (name: string) => (nodes.includes(name) ? { metadata: { name } } : undefined) },
    },
  };
  return currentNode(world as unknown as World, 0);
}

test.each<[string, Setting, string | undefined]>([
  ['is there and its agent speaks', { nodes: ['old'], heartbeats: { old: 1 } }, 'old'],
  [
    'is there and its agent is silent: it may still carry the tunnel',
    { nodes: ['old'], heartbeats: { old: 900 } },
    'old',
  ],
  ['is gone and its agent speaks: it carries the tunnel', { nodes: ['new'], heartbeats: { old: 99 } }, 'old'],
  [
    'is of another cluster, and so is what its agent said',
    { nodes: ['new'], heartbeats: { old: 101, new: 1 } },
    undefined,
  ],
  ['is of another cluster', { nodes: ['new'], heartbeats: { new: 1 } }, undefined],
])('its node %s', (_what, setting, expected) => {
  expect(placedOn('old', setting)).toBe(expected);
});
