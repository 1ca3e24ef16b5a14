import { jest } from '@jest/globals';
import { GROUP_PATH } from '../processes/field.ts';
import { PingStream } from '../processes/ping-stream.ts';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { readUses, type Use } from './audit.ts';
import { gatewayPod, killOnNode, mainProcess, podsOf, processesOf, untilReady } from './pods.ts';
import { report, reportTable } from './report.ts';
import { compare, expand, nameOf, UNUSED_HERE, whyUnused } from './rights.ts';
import { ClusterWorld, RELEASE } from './world.ts';

jest.setTimeout(300_000);

let world: ClusterWorld;
let uses: Use[] = [];

beforeAll(async () => {
  world = await ClusterWorld.start({ audit: true, namespaces: ['acme', 'globex'] });
  await world.install();
}, 600_000);
afterAll(() => world?.stop());

describe('all that the operator does in its life', () => {
  test('routers come, are suspended, change their class and go', async () => {
    const machine = await world.bringOnline('acme/r0', '7.16.2');
    await world.bringOnline('globex/r0', '7.18.2');
    // With nothing to say, a router would learn only from its next change of keys that it may speak again.
    const busy = new PingStream(machine.netns, world.tunnel('acme/acme').status?.serverAddress ?? '');
    // Twice, so that an Event repeats itself.
    for (const suspended of [true, false, true, false]) {
      await world.change('acme/r0', { suspended });
      await world.untilPhase('acme/r0', suspended ? 'Suspended' : 'Online', 90_000);
    }
    busy.end();
    await world.apply('acme/r1');
    await world.script('acme/r1');
    const profile = await world.cluster.request('POST', `${GROUP_PATH}/namespaces/acme/routerprofiles`, {
      apiVersion: 'vpn.traidnet.io/v1alpha1',
      kind: 'RouterProfile',
      metadata: { name: 'of-nobody' },
      spec: { resources: [{ path: '/ip/dns', set: { servers: '10.100.0.1' } }] },
    });
    expect(profile.status).toBe(201);
    const [{ metadata: known, spec: before }] = (
      await world.cluster.request('GET', `${GROUP_PATH}/tunnelclasses`)
    ).json().items;
    for (const host of ['vpn.example.com', before.endpoint.host]) {
      const path = `${GROUP_PATH}/tunnelclasses/${known.name}`;
      const change = { spec: { endpoint: { host } } };
      await world.cluster.request('PATCH', path, change, 'application/merge-patch+json');
      await world.until('acme/r1', 'has a script with the new endpoint', ({ status }) =>
        (status?.script ?? '').includes(host),
      );
    }
    for (const key of ['acme/r1', 'globex/r0']) await world.remove(key);
    await world.kubectl(['delete', 'tenanttunnel', '-n', 'globex', 'globex', '--timeout=30s']);
  });

  test('its processes are killed and replaced', async () => {
    const pod = await gatewayPod(world.cluster, world.node.name);
    const wireguard = await processesOf(world.cluster, pod, 'wireguard');
    await killOnNode(
      world.cluster,
      pod.node,
      wireguard.flatMap(({ name, pid }) => (name === 'wireguard-go' ? [pid] : [])),
    );
    await killOnNode(world.cluster, pod.node, [await mainProcess(world.cluster, pod, 'wireguard')]);
    await waitFor('the sidecar was started again', async () => {
      const now = await gatewayPod(world.cluster, world.node.name);
      return now.containers.some(({ name, restarts }) => name === 'wireguard' && restarts > 0);
    });
    await untilReady(world.cluster, 'gateway', 1);
    for (const { name } of await podsOf(world.cluster, 'controller')) {
      await world.kubectl(['delete', 'pod', '-n', SYSTEM_NAMESPACE, name]);
    }
    await untilReady(world.cluster, 'controller', 2);
    await world.bringOnline('acme/r2', '7.24');
  });

  test('it is upgraded, tested and uninstalled', async () => {
    // As if the last version had not had it.
    await world.kubectl(['delete', 'crd', 'routerprofiles.vpn.traidnet.io']);
    await world.helm('upgrade');
    await world.cluster.helm(['test', RELEASE, '-n', SYSTEM_NAMESPACE], { timeoutMs: 120_000 });
    await world.cluster.helm(['uninstall', RELEASE, '-n', SYSTEM_NAMESPACE, '--wait'], {
      timeoutMs: 240_000,
    });
  });
});

describe('what its service accounts asked of the API server', () => {
  test('was allowed, each request', () => {
    uses = readUses(world.cluster.auditLog ?? '');
    expect(uses.length).toBeGreaterThan(20);
    const refused = uses.filter(({ allowed }) => !allowed);
    report(
      'RBAC',
      `${uses.reduce((sum, { count }) => sum + count, 0)} requests, ${refused.length} kinds refused`,
    );
    expect(refused).toEqual([]);
  });

  test('is what src/api/permissions.ts lists, and all of that but what has a reason beside it', () => {
    const { rows, beyond, unused } = compare(expand(), uses);
    reportTable('RBAC', rows);
    expect(beyond).toEqual([]);
    expect(unused.filter((right) => whyUnused(right) === undefined)).toEqual([]);
    // A reason for what is used after all would mislead.
    const names = unused.map(nameOf);
    expect(Object.keys(UNUSED_HERE).filter((name) => !names.includes(name))).toEqual([]);
  });
});
