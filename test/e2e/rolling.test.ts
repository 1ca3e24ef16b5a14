import { jest } from '@jest/globals';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { Fleet, type Outage } from './fleet.ts';
import {
  gatewayPod,
  killOnNode,
  mainProcess,
  type PodView,
  podsOf,
  processesOf,
  untilReady,
} from './pods.ts';
import { inSeconds, report, reportTable } from './report.ts';
import { writeResourcesIfAsked } from './resources-docs.ts';
import { measureUsage, memoryInMiB, resourcesOf, type Usage, usageTable } from './usage.ts';
import { ClusterWorld, CONTROLLER, GATEWAY } from './world.ts';

jest.setTimeout(300_000);

const TENANTS = ['acme', 'globex', 'initech', 'umbrella', 'hooli'];
const PER_TENANT = 10;
/** The goal is 2 s; a busy machine gets more. */
const ROLLING_LIMIT_MS = 5_000;

let world: ClusterWorld;
let fleet: Fleet;
let given: ReturnType<typeof have>;
const phases = new Map<string, Usage[]>();

const have = () => ({ given: fleet.given(), publicKeys: fleet.publicKeys() });
const gateway = (): Promise<PodView> => gatewayPod(world.cluster, world.node.name);
const rollOut = async (workload: string): Promise<void> => {
  await world.kubectl(['rollout', 'restart', '-n', SYSTEM_NAMESPACE, workload]);
  await world.kubectl(['rollout', 'status', '-n', SYSTEM_NAMESPACE, workload, '--timeout=120s']);
};
/** Until another pod does the work of one that was taken away. */
const untilReplaced = async (old: PodView): Promise<void> => {
  await waitFor(
    'another gateway pod is Ready',
    async () => {
      const pods = await podsOf(world.cluster, 'gateway');
      return pods.length === 1 && pods[0]?.uid !== old.uid && pods[0]?.ready === true;
    },
    120_000,
  );
};
const untilRestarted = async (old: PodView, container: string): Promise<void> => {
  const restarts = (pod: PodView) => pod.containers.find(({ name }) => name === container)?.restarts ?? 0;
  await waitFor(
    `${container} was started again`,
    async () => restarts(await gateway()) > restarts(old),
    120_000,
  );
  await untilReady(world.cluster, 'gateway', 1);
};

/** Nobody pastes, nobody was given anything else, and no status ever said that a router was away. */
async function expectUndisturbed(since: number): Promise<void> {
  await fleet.allOnline();
  expect(have()).toEqual(given);
  for (const key of fleet.keys) {
    const phases = world.history.phases(key, since);
    expect([key, phases.filter((phase) => phase !== 'Online')]).toEqual([key, []]);
  }
}

/** A time of trouble, after which everything is as before. */
async function during(topic: string, trouble: () => Promise<unknown>): Promise<Outage> {
  const since = performance.now();
  const outage = await fleet.whilePinging(topic, trouble);
  await expectUndisturbed(since);
  return outage;
}

beforeAll(async () => {
  world = await ClusterWorld.start({ namespaces: TENANTS });
  await world.install();
  phases.set('at rest, no router', await measureUsage(world.cluster));
  fleet = new Fleet(world, TENANTS, PER_TENANT);
  const began = performance.now();
  await fleet.bringOnline();
  report('fleet', `${fleet.keys.length} routers Online after ${inSeconds(performance.now() - began)}`);
  await fleet.settled();
  given = have();
}, 600_000);
afterAll(() => world?.stop());

describe('fifty routers of five tenants, each pinging its server ten times a second', () => {
  test('take no more memory than the chart asks for', async () => {
    phases.set('50 routers at rest', await measureUsage(world.cluster));
    await fleet.whilePinging('nothing happens', async () => {
      phases.set('50 routers pinging', await measureUsage(world.cluster));
    });
    const resources = await resourcesOf(world.cluster);
    const table = usageTable(phases, resources);
    reportTable('resources', table);
    writeResourcesIfAsked(table);
    for (const [container, { requests, limits }] of resources) {
      expect([container, requests?.memory]).toEqual([container, expect.any(String)]);
      const used = Math.max(
        ...[...phases.values()].flatMap((usages) =>
          usages.filter((usage) => usage.container === container).map(({ memoryMiB }) => memoryMiB),
        ),
      );
      expect(used).toBeGreaterThan(0);
      const limit = memoryInMiB(limits?.memory ?? requests?.memory ?? '');
      expect({ container, fits: used < limit }).toEqual({ container, fits: true });
    }
  });

  test('lose no packet when the controllers are rolled', async () => {
    const { lost } = await during('rollout restart of the controllers', () => rollOut(CONTROLLER));
    expect(lost).toBe(0);
  });

  test('lose at most two seconds when the gateway is rolled', async () => {
    const { longestGapMs } = await during('rollout restart of the DaemonSet', () => rollOut(GATEWAY));
    report('rollout restart of the DaemonSet', `goal 2.0 s, longest gap ${inSeconds(longestGapMs)}`);
    expect(longestGapMs).toBeLessThanOrEqual(ROLLING_LIMIT_MS);
  });

  test('are back by themselves when wireguard-go is killed', async () => {
    const pod = await gateway();
    const running = await processesOf(world.cluster, pod, 'wireguard');
    const victims = running.filter(({ name }) => name === 'wireguard-go').map(({ pid }) => pid);
    expect(victims).toHaveLength(TENANTS.length);
    await during('kill -9 of every wireguard-go', async () => {
      await killOnNode(world.cluster, pod.node, victims);
      await waitFor('each runs again', async () => {
        const now = await processesOf(world.cluster, await gateway(), 'wireguard');
        return now.filter(({ name }) => name === 'wireguard-go').length === TENANTS.length;
      });
    });
  });

  test('are back by themselves when the sidecar is killed, as when memory runs out', async () => {
    const pod = await gateway();
    await during('kill -9 of the sidecar', async () => {
      await killOnNode(world.cluster, pod.node, [await mainProcess(world.cluster, pod, 'wireguard')]);
      await untilRestarted(pod, 'wireguard');
    });
  });

  test('lose no packet when the agent is killed', async () => {
    const pod = await gateway();
    const { lost } = await during('kill -9 of the agent', async () => {
      await killOnNode(world.cluster, pod.node, [await mainProcess(world.cluster, pod, 'agent')]);
      await untilRestarted(pod, 'agent');
    });
    expect(lost).toBe(0);
  });

  test('are back by themselves when the gateway pod is deleted', async () => {
    const pod = await gateway();
    await during('kubectl delete pod', async () => {
      await world.kubectl(['delete', 'pod', '-n', SYSTEM_NAMESPACE, pod.name, '--wait=false']);
      await untilReplaced(pod);
    });
  });

  test('are back by themselves when the gateway pod is evicted', async () => {
    const pod = await gateway();
    await during('eviction', async () => {
      const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods/${pod.name}/eviction`;
      const metadata = { name: pod.name, namespace: SYSTEM_NAMESPACE };
      await world.create(path, { apiVersion: 'policy/v1', kind: 'Eviction', metadata });
      await untilReplaced(pod);
    });
  });

  test.each(['kubelet', 'containerd'] as const)('lose no packet when %s is restarted', async (service) => {
    const before = await gateway();
    const { lost } = await during(`${service} restarted`, async () => {
      await world.node.restartService(service);
      await world.kubectl(['wait', '--for=condition=Ready', '--timeout=60s', 'node', world.node.name]);
      await untilReady(world.cluster, 'gateway', 1);
    });
    expect(lost).toBe(0);
    expect(await gateway()).toMatchObject({
      uid: before.uid,
      containers: before.containers.map(({ id }) => expect.objectContaining({ id })),
    });
  });
});
