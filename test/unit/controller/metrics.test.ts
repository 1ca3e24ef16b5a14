import { Registry } from 'prom-client';
import type { Router, RouterProfile, TenantTunnel, TunnelClass } from '../../../src/api/index.ts';
import { ANNOTATION_PROBLEM, LABEL_GATEWAY, LABEL_PART } from '../../../src/api/index.ts';
import type { Caches } from '../../../src/controller/caches.ts';
import { controllerMetrics } from '../../../src/controller/metrics.ts';
import { Pulses } from '../../../src/controller/pulses.ts';
import { type ConfigMap, Controller, type Lease } from '../../../src/kube/index.ts';
import { addressRequest, ledgerOver, tunnelRequest } from '../allocation/fixtures.ts';
import { MemoryStore } from '../allocation/memory-store.ts';
import { profile } from '../api/profiles/fixtures.ts';
import { FakeClock } from '../kube/fake-clock.ts';
import { NOW, router, tunnelClass } from './fixtures.ts';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function stage() {
  const objects = {
    routers: [] as Router[],
    classes: [tunnelClass('standard')] as TunnelClass[],
    tunnels: [] as TenantTunnel[],
    configMaps: [] as ConfigMap[],
    heartbeats: [] as Lease[],
    profiles: [] as RouterProfile[],
  };
  const cacheOf = (list: { metadata: { name: string } }[]) => ({
    list: () => list,
    get: (key: string) => list.find(({ metadata }) => metadata.name === key),
    get size() {
      return list.length;
    },
  });
  const caches = Object.fromEntries(Object.entries(objects).map(([name, list]) => [name, cacheOf(list)]));
  const store = new MemoryStore();
  const ledger = ledgerOver(store);
  const leader = { leads: false };
  const pulses = new Pulses(new FakeClock(NOW), () => undefined);
  const registry = new Registry();
  const metrics = controllerMetrics(registry, {
    caches: caches as unknown as Caches,
    ledger,
    pulses,
    isLeader: () => leader.leads,
  });
  const samples = async (start: string): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith(start));
  return { objects, ledger, store, leader, metrics, samples, pulses };
}

const heartbeat = (node: string, agoSeconds: number, problem?: string): Lease =>
  ({
    metadata: {
      name: `gateway-${node}`,
      labels: { [LABEL_GATEWAY]: node },
      ...(problem && { annotations: { [ANNOTATION_PROBLEM]: problem } }),
    },
    spec: { renewTime: new Date(NOW - agoSeconds * 1000).toISOString(), leaseDurationSeconds: 40 },
  }) as unknown as Lease;
const tunnelOn = (node: string): ConfigMap =>
  ({
    metadata: { name: `tunnel-on-${node}`, labels: { [LABEL_GATEWAY]: node, [LABEL_PART]: 'tunnel' } },
  }) as unknown as ConfigMap;

test('who leads says so', async () => {
  const { leader, samples } = stage();
  expect(await samples('tto_controller_leading')).toEqual(['tto_controller_leading 0']);
  leader.leads = true;
  expect(await samples('tto_controller_leading')).toEqual(['tto_controller_leading 1']);
});

test('gateways are counted by what their heartbeats say; a silent one only while tunnels are on it', async () => {
  const { objects, samples, pulses } = stage();
  objects.heartbeats.push(
    heartbeat('a', 10),
    heartbeat('b', 99),
    heartbeat('c', 5, 'It has no WireGuard.'),
    heartbeat('d', 101),
    heartbeat('e', 3_600),
  );
  for (const object of objects.heartbeats) pulses.see({ type: 'added', object });
  objects.configMaps.push(tunnelOn('a'), tunnelOn('e'));
  expect(await samples('tto_gateways')).toEqual([
    'tto_gateways{state="ready"} 2',
    'tto_gateways{state="troubled"} 1',
    'tto_gateways{state="silent"} 1',
  ]);
});

test('Routers are counted by phase, those without a status as Pending', async () => {
  const { objects, samples } = stage();
  const spec = { tenant: 'a' };
  objects.routers.push(
    router('a/new', spec),
    router('a/one', spec, { status: { phase: 'Online' } }),
    router('a/two', spec, { status: { phase: 'Online' } }),
  );
  expect(await samples('tto_controller_routers')).toEqual(['tto_controller_routers 3']);
  const counts = await samples('tto_routers_by_phase');
  expect(counts).toHaveLength(8);
  expect(counts.filter((line) => !line.endsWith(' 0'))).toEqual([
    'tto_routers_by_phase{phase="Pending"} 1',
    'tto_routers_by_phase{phase="Online"} 2',
  ]);
});

describe('the ledger', () => {
  test('is told by tunnel and state, with what is left of addresses', async () => {
    const { ledger, samples } = stage();
    await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.claimAddress(addressRequest(0, 'acme/one'));
    await ledger.claimAddress(addressRequest(0, 'acme/two'));
    const [live] = ledger.tunnels.values();
    const [namespace, tunnel] = (live?.owner ?? '').split('/');
    const labels = `{namespace="${namespace}",tunnel="${tunnel}"}`;
    expect(await samples('tto_controller_tunnels')).toEqual([
      'tto_controller_tunnels{state="live"} 1',
      'tto_controller_tunnels{state="quarantined"} 0',
    ]);
    expect(await samples('tto_tunnel_addresses')).toEqual([
      `tto_tunnel_addresses${labels} ${256 * 255 - 1}`,
      `tto_tunnel_addresses_used${labels} 2`,
    ]);
  });

  test('counts what of it cannot be read: a block, a record of a tunnel, all tunnels', async () => {
    const { ledger, store, samples } = stage();
    await ledger.claimTunnel(tunnelRequest('acme'));
    await ledger.claimTunnel(tunnelRequest('other'));
    await ledger.claimAddress(addressRequest(0, 'acme/one'));
    const observe = (name: string, data: Record<string, string>, version: string) =>
      ledger.observe({ name, data: { ...store.objects.get(name)?.data, ...data }, version });
    const unreadable = async () => (await samples('tto_controller_ledger_unreadable'))[0];
    expect(await unreadable()).toBe('tto_controller_ledger_unreadable 0');
    observe('ledger-tunnel-0-block-1', { 'block.json': 'nonsense' }, '100');
    expect(await unreadable()).toBe('tto_controller_ledger_unreadable 1');
    observe('ledger-tunnels', { '1.other': 'nonsense' }, '101');
    expect(await unreadable()).toBe('tto_controller_ledger_unreadable 2');
    observe('ledger-tunnels', { 'no number': '{}' }, '102');
    expect(await unreadable()).toBe('tto_controller_ledger_unreadable 2');
  });
});

test('a controller shows how many of its keys wait, for how long, and what came of those before', async () => {
  const { metrics, samples } = stage();
  const wall = { ms: 0 };
  const clock = { wall: () => wall.ms, monotonic: () => wall.ms, schedule: () => () => undefined };
  const options = { name: 'router', reconcile: async () => undefined, logger, clock };
  const controller = metrics.observed(new Controller(options as never));
  controller.enqueue('a/one');
  wall.ms = 1_500;
  controller.enqueue('a/two');
  expect(await samples('tto_controller_queue')).toEqual([
    'tto_controller_queue_depth{controller="router"} 2',
    'tto_controller_queue_wait_seconds{controller="router"} 1.5',
  ]);
  metrics.onReconciled('router')('error', 0.25);
  expect(await samples('tto_controller_reconcile_seconds_sum')).toEqual([
    'tto_controller_reconcile_seconds_sum{controller="router"} 0.25',
  ]);
  // From the beginning, so that the first error is seen as one more.
  expect(await samples('tto_controller_reconciles_total')).toEqual(
    ['success', 'requeueAfter', 'error', 'terminalError', 'stale'].map(
      (outcome) => `tto_controller_reconciles_total{controller="router",outcome="${outcome}"} 0`,
    ),
  );
});

test('profiles are counted by what their statuses say, and only rollouts under way have a series', async () => {
  const { objects, samples } = stage();
  const condition = (type: string, reason: string, status: 'True' | 'False' = 'True') => ({
    type,
    reason,
    status,
    message: '',
    lastTransitionTime: '',
  });
  const at = (state: 'RollingOut' | 'Done' | 'Stopped', share: number) => ({ state, share }) as never;
  objects.profiles.push(
    profile('a/new'),
    profile(
      'a/p',
      {},
      {
        status: {
          routers: { selected: 10, applied: 3, failed: 1, waiting: 6 },
          rollout: at('RollingOut', 100),
          conditions: [condition('Accepted', 'Accepted'), condition('Progressing', 'Baking')],
        },
      },
    ),
    profile(
      'a/q',
      {},
      {
        status: {
          routers: { selected: 5, applied: 5, failed: 0, waiting: 0 },
          rollout: at('Done', 1000),
          conditions: [condition('Progressing', 'RolledOut', 'False')],
        },
      },
    ),
    profile(
      'b/p',
      {},
      {
        status: {
          rollout: at('Stopped', 10),
          conditions: [condition('Progressing', 'RolloutStopped', 'False')],
        },
      },
    ),
    profile('b/q', {}, { status: { conditions: [condition('Accepted', 'SecretNotFound', 'False')] } }),
  );
  expect(await samples('tto_profiles{')).toEqual([
    'tto_profiles{state="RolledOut"} 1',
    'tto_profiles{state="RollingOut"} 1',
    'tto_profiles{state="Paused"} 0',
    'tto_profiles{state="Stopped"} 1',
    'tto_profiles{state="Refused"} 1',
    'tto_profiles{state="DryRun"} 0',
    'tto_profiles{state="Pending"} 1',
  ]);
  expect(await samples('tto_profile_routers{')).toEqual([
    'tto_profile_routers{outcome="applied"} 8',
    'tto_profile_routers{outcome="failed"} 1',
    'tto_profile_routers{outcome="waiting"} 6',
  ]);
  expect(await samples('tto_profile_rollout_ratio{')).toEqual([
    'tto_profile_rollout_ratio{namespace="a",profile="p"} 0.1',
    'tto_profile_rollout_ratio{namespace="b",profile="p"} 0.01',
  ]);
});
