import { join } from 'node:path';
import { jest } from '@jest/globals';
import { GROUP_PATH, type Plain } from '../processes/field.ts';
import { PingStream } from '../processes/ping-stream.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { gatewayPod, podsOf, untilReady } from './pods.ts';
import { inSeconds, report } from './report.ts';
import { CHART, ClusterWorld, CONTROLLER, RELEASE } from './world.ts';

jest.setTimeout(240_000);

/** Beside a node that has all it needs: one with neither the kernel's WireGuard nor /dev/net/tun. */
const [WHOLE, LACKING] = ['edge-1', 'edge-2'];
const CRDS = join(import.meta.dirname, '..', '..', 'crds');

let world: ClusterWorld;

const onNode = (node: string): Plain => ({
  endpoint: { host: world.cluster.node(WHOLE).address },
  gateway: { nodeSelector: { 'kubernetes.io/hostname': node } },
});
const createClass = (name: string, spec: Plain): Promise<void> =>
  world.create(`${GROUP_PATH}/tunnelclasses`, {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'TunnelClass',
    metadata: { name },
    spec,
  });
const createTunnel = (tenant: string, className: string): Promise<void> =>
  world.create(`${GROUP_PATH}/namespaces/${tenant}/tenanttunnels`, {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'TenantTunnel',
    metadata: { name: tenant },
    spec: { className },
  });
const tunnelCondition = (key: string, type: string) =>
  world.history.tunnel(key)?.status?.conditions?.find((condition) => condition.type === type);
const restarts = async (): Promise<number> =>
  (await podsOf(world.cluster, 'controller'))
    .flatMap(({ containers }) => containers.map(({ restarts }) => restarts))
    .reduce((sum, count) => sum + count, 0);

beforeAll(async () => {
  world = await ClusterWorld.start({
    nodes: [{ name: WHOLE }, { name: LACKING, tun: false }],
    namespaces: ['acme', 'globex', 'initech', 'umbrella'],
  });
}, 600_000);
afterAll(() => world?.stop());

describe('a wrong value', () => {
  test.each<[string, Plain, RegExp]>([
    ['unknown', { gatway: {} }, /gatway/],
    ['of another type', { controller: { replicas: 'two' } }, /replicas/],
    ['in an inner map', { image: { reposytory: 'x' } }, /reposytory/],
  ])('that is %s is refused with its name before there is a release', async (_, wrong, sentence) => {
    const values = { ...world.values(), ...wrong };
    const args = ['install', RELEASE, CHART, '-n', SYSTEM_NAMESPACE, '--create-namespace', '-f', '-'];
    const said = await world.cluster
      .helm(args, { input: JSON.stringify(values) })
      .then(() => 'installed')
      .catch((error: Error) => error.message);
    report('wrong value', said.split('\n').slice(-3).join(' '));
    expect(said).toMatch(sentence);
    expect(said).toMatch(/schema/);
    const releases = await world.cluster.helm(['list', '-A', '-a', '-q']);
    expect(releases.trim()).toBe('');
    expect(await podsOf(world.cluster, 'controller')).toEqual([]);
  });

  test('and an API server that is too old are refused by kubeVersion', async () => {
    const args = ['template', RELEASE, CHART, '-f', '-', '--kube-version'];
    const input = JSON.stringify(world.values());
    const said = await world.cluster
      .helm([...args, '1.30.0'], { input })
      .then(() => 'rendered')
      .catch((error: Error) => error.message);
    report('API server 1.30', said.split('\n').slice(-1).join(' '));
    expect(said).toMatch(/chart requires kubeVersion.*1\.31/);
    expect(await world.cluster.helm([...args, '1.31.0'], { input })).toContain('kind: DaemonSet');
  });
});

describe('a cluster without the CRDs', () => {
  test('has a controller that says so and waits, and works as soon as they are there', async () => {
    const crds = await world.kubectl(['get', 'crd', '-o', 'name']);
    // Helm installs them before it looks at values.
    const ours = crds.split('\n').filter((name) => name.endsWith('.vpn.traidnet.io'));
    if (ours.length > 0) await world.kubectl(['delete', ...ours]);
    await world.install({
      values: world.values({ defaultClass: { create: false } }),
      args: ['--skip-crds', '--no-hooks'],
    });
    let log = '';
    await waitFor(
      'the controller says that the CRDs are missing',
      async () => {
        log = await world.logs('controller', 'controller').catch(() => '');
        return /CustomResourceDefinition|CRD/.test(log);
      },
      90_000,
    );
    const lines = log.split('\n').filter((line) => /CustomResourceDefinition|CRD/.test(line));
    report('CRDs missing', lines[0] ?? '');
    expect(await restarts()).toBe(0);
    const began = performance.now();
    await world.kubectl(['apply', '--server-side', '-f', CRDS]);
    await untilReady(world.cluster, 'controller', 2);
    report('CRDs missing', `controllers Ready ${inSeconds(performance.now() - began)} after kubectl apply`);
    expect(await restarts()).toBe(0);
    await world.helm('upgrade', { args: [] });
  });
});

describe('a node without WireGuard and without /dev/net/tun', () => {
  test('says so in its pod, and tunnels go to the node that has it', async () => {
    await waitFor('the other node works', async () => (await gatewayPod(world.cluster, WHOLE)).ready, 90_000);
    expect((await gatewayPod(world.cluster, LACKING)).ready).toBe(false);
    const router = await world.bringOnline('acme/branch-1', '7.16.2');
    expect(world.tunnel('acme/acme').status?.gateway).toBe(WHOLE);
    await router.stop();
    const log = await world.kubectl([
      'logs',
      '-n',
      SYSTEM_NAMESPACE,
      (await gatewayPod(world.cluster, LACKING)).name,
      '-c',
      'agent',
    ]);
    const line = log.split('\n').find((one) => one.includes('/dev/net/tun')) ?? '';
    report('node without tun', `agent: ${line}`);
    expect(line).not.toBe('');
  });

  test('is named by a tunnel that can go nowhere else', async () => {
    await createClass('lacking', onNode(LACKING));
    await createTunnel('globex', 'lacking');
    await waitFor('the tunnel says it', () => {
      const ready = tunnelCondition('globex/globex', 'Ready');
      return ready?.status === 'False' && ready.message.includes('/dev/net/tun');
    });
    const { reason, message } = tunnelCondition('globex/globex', 'Ready') ?? {};
    report('node without tun', `TenantTunnel Ready=False ${reason}: ${message}`);
    expect(message).toContain(LACKING);
    await waitFor('its Event', async () => {
      const events = await world.events('globex/globex', 'TenantTunnel');
      report('node without tun', `Events of the tunnel: ${events.join(', ')}`);
      return events.some((one) => /NoGateway|NoDevice|ProgrammingFailed/.test(one));
    });
  });
});

describe('a class whose selector matches no node', () => {
  test('shows in its tunnels, with the selector', async () => {
    await createClass('nowhere', {
      endpoint: { host: 'vpn.example.com' },
      gateway: { nodeSelector: { 'example.com/edge': 'north' } },
    });
    await createTunnel('initech', 'nowhere');
    await waitFor('the tunnel says it', () => {
      const ready = tunnelCondition('initech/initech', 'Ready');
      return ready?.status === 'False' && ready.message.includes('example.com/edge=north');
    });
    const { reason, message } = tunnelCondition('initech/initech', 'Ready') ?? {};
    report('no gateway node', `Ready=False ${reason}: ${message}`);

    const began = performance.now();
    await world.kubectl(['label', 'node', WHOLE, 'example.com/edge=north']);
    await waitFor('the tunnel is on the node', () => {
      return tunnelCondition('initech/initech', 'Ready')?.status === 'True';
    });
    report('no gateway node', `node labelled → tunnel Ready: ${inSeconds(performance.now() - began)}`);
  });
});

describe('pods', () => {
  const key = 'umbrella/branch-1';
  let machine: SimulatedRouter | undefined;

  test('start in any order: the gateway long before a controller', async () => {
    const scale = (replicas: number) =>
      world.kubectl(['scale', '-n', SYSTEM_NAMESPACE, CONTROLLER, `--replicas=${replicas}`]);
    await scale(0);
    await waitFor(
      'no controller is left',
      async () => (await podsOf(world.cluster, 'controller')).length === 0,
    );
    const pod = await gatewayPod(world.cluster, WHOLE);
    await world.kubectl(['delete', 'pod', '-n', SYSTEM_NAMESPACE, pod.name]);
    await waitFor(
      'a new gateway pod is Ready',
      async () => {
        const pods = (await podsOf(world.cluster, 'gateway')).filter(({ node }) => node === WHOLE);
        return pods.length === 1 && pods[0]?.ready === true && pods[0].uid !== pod.uid;
      },
      90_000,
    );
    await world.apply(key);
    await scale(2);
    machine = await world.plugIn(key, '7.18.2');
    await world.paste(key, machine);
    await world.untilPhase(key, 'Online');
    await world.untilUsed(key);
  });

  test('of a drained node go elsewhere, but for the gateway, which loses no packet', async () => {
    const before = await gatewayPod(world.cluster, WHOLE);
    const server = world.tunnel('umbrella/umbrella').status?.serverAddress ?? '';
    const ping = new PingStream(machine?.netns ?? '', server);
    await ping.isAnswered();
    const began = performance.now();
    await world.kubectl(['drain', WHOLE, '--ignore-daemonsets', '--timeout=90s']);
    await untilReady(world.cluster, 'controller', 2);
    const { sent, lost } = await ping.stop();
    report('drain', `took ${inSeconds(performance.now() - began)}; ${sent} packets, ${lost} lost`);
    expect(lost).toBe(0);
    expect((await podsOf(world.cluster, 'controller')).map(({ node }) => node)).toEqual([LACKING, LACKING]);
    expect((await gatewayPod(world.cluster, WHOLE)).uid).toBe(before.uid);
    await world.kubectl(['uncordon', WHOLE]);
  });

  test('of a node whose power failed bring its tunnels back, with nothing pasted', async () => {
    const before = world.router(key).status;
    const server = world.tunnel('umbrella/umbrella').status?.serverAddress ?? '';
    const isReached = async (): Promise<boolean> =>
      ((await machine?.ping(server, { count: 1 }))?.received ?? 0) > 0;
    // What was just heard of a router is written down within seconds.
    await waitFor('the router is known', async () => {
      const record = await world.cluster.nodeExec(WHOLE, [
        'sh',
        '-c',
        'cat /var/lib/tenant-tunnel/endpoints/*',
      ]);
      return record.includes(before?.publicKey ?? '?');
    });
    const node = world.cluster.node(WHOLE);
    await node.powerOff();
    expect(await isReached()).toBe(false);
    const began = performance.now();
    await node.powerOn();
    report('power failure', `kubelet answers after ${inSeconds(performance.now() - began)}`);
    await waitFor('the router reaches its server', isReached, 150_000);
    report(
      'power failure',
      `power back → router reaches its server: ${inSeconds(performance.now() - began)}`,
    );
    await world.untilPhase(key, 'Online');
    const { address, publicKey } = before ?? {};
    expect(world.router(key).status).toMatchObject({ address, publicKey });
  });
});
