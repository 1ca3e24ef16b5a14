import { jest } from '@jest/globals';
import { inWords } from '../processes/field.ts';
import { execInTunnel, fromNamespace, opensTcp } from '../processes/node-side.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { lookInside, statusFor, whoIs } from './credentials.ts';
import { type Capture, documented, shape, withoutScript, writeIfAsked } from './kubectl-docs.ts';
import { gatewayPod, podsOf } from './pods.ts';
import { inSeconds, report } from './report.ts';
import { CHART, ClusterWorld, RELEASE } from './world.ts';

jest.setTimeout(240_000);

const SITES = {
  'acme/branch-1': '7.9.2',
  'acme/branch-2': '7.16.2',
  'acme/branch-3': '7.24',
  'globex/north': '7.12.2',
  'globex/south': '7.18.2',
};
const sites = Object.keys(SITES) as (keyof typeof SITES)[];
const tenantOf = (key: string): string => key.split('/')[0] ?? '';
const routerManifest = (key: string): string => {
  const [namespace, name] = key.split('/');
  return JSON.stringify({
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'Router',
    metadata: { namespace, name },
    spec: { tenant: namespace },
  });
};
const manifestsOf = (tenant: string): string =>
  sites
    .filter((key) => tenantOf(key) === tenant)
    .map(routerManifest)
    .join('\n');

let world: ClusterWorld;
const field = new Map<string, SimulatedRouter>();
const machine = (key: string): SimulatedRouter => field.get(key) as SimulatedRouter;
const address = (key: string): string => world.router(key).status?.address ?? '';
const reaches = async (key: string, target: string, count = 3): Promise<boolean> =>
  (await machine(key).ping(target, { count })).received > 0;

beforeAll(async () => {
  world = await ClusterWorld.start({ namespaces: ['acme', 'globex'] });
}, 600_000);
afterAll(() => world?.stop());

describe('helm install', () => {
  test('brings controllers and gateway to Ready, and says what to do next', async () => {
    await world.makeSystemNamespace();
    const began = performance.now();
    let firstReady = 0;
    const installing = world.helm('install').finally(() => {
      firstReady ||= -1;
    });
    while (firstReady === 0) {
      const pods = await Promise.all([podsOf(world.cluster, 'controller'), podsOf(world.cluster, 'gateway')]);
      if (pods.every((some) => some.some(({ ready }) => ready))) firstReady = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const notes = await installing;
    const took = performance.now() - began;
    report('helm install', `first Ready controller and gateway after ${inSeconds(firstReady)}`, {
      firstReady,
    });
    report('helm install', `helm --wait returns after ${inSeconds(took)}`, { took });
    for (const line of notes.split('\n')) report('notes', line);
    expect(notes).toContain('kubectl apply');
    expect(notes).toContain('.status.script');
    expect(notes).toContain('--for=condition=Ready');
    expect((await podsOf(world.cluster, 'controller')).map(({ ready }) => ready)).toEqual([true, true]);
    expect((await podsOf(world.cluster, 'gateway')).map(({ ready }) => ready)).toEqual([true]);
  });

  test('installed what an API server takes without a warning, and helm test is content', async () => {
    const said = await world.cluster.helm(
      ['test', RELEASE, '-n', SYSTEM_NAMESPACE, '--logs', '--hide-notes'],
      {
        timeoutMs: 120_000,
      },
    );
    for (const line of said.trimEnd().split('\n')) report('helm test', line);
    expect(said).toMatch(/Phase:\s+Succeeded/);
  });
});

describe('three routers of one tenant and two of another, behind NAT', () => {
  test('are Online after kubectl apply and their scripts pasted', async () => {
    for (const key of sites) field.set(key, await world.plugIn(key, SITES[key]));
    const began = performance.now();
    for (const key of sites) world.noteApplied(key);
    // As most do it, and as Flux and others do it.
    await world.kubectl(['apply', '-f', '-'], manifestsOf('acme'));
    await world.kubectl(['apply', '--server-side', '-f', '-'], manifestsOf('globex'));
    report('apply', `kubectl apply of ${sites.length} Routers: ${inSeconds(performance.now() - began)}`);
    await Promise.all(
      sites.map(async (key) => {
        await world.paste(key, machine(key));
        await world.untilPhase(key, 'Online');
      }),
    );
    for (const key of sites) report(key, `RouterOS ${SITES[key]}: ${inWords(world.times(key))}`);
    report('apply', `apply → all Online: ${inSeconds(performance.now() - began)}`);
  });

  test('are what kubectl wait waits for', async () => {
    for (const tenant of ['acme', 'globex']) {
      const about = ['-n', tenant, '--for=condition=Ready', '--timeout=20s', '--all'];
      const waited = await world.kubectl(['wait', ...about, 'router']);
      expect(waited.trim().split('\n')).toHaveLength(tenant === 'acme' ? 3 : 2);
      await world.kubectl(['wait', ...about, 'tenanttunnel']);
    }
    await world.kubectl(['wait', '--for=condition=Ready', '--timeout=20s', '--all', 'tunnelclass']);
  });

  test('show in kubectl as docs/kubectl.md has it', async () => {
    await world.kubectl(['wait', '-n', 'acme', '--for=jsonpath={.status.routers.online}=3', 'tt/acme']);
    await world.kubectl(['wait', '-n', 'globex', '--for=jsonpath={.status.routers.online}=2', 'tt/globex']);
    const commands: [title: string, command: string][] = [
      ['Everything of ours', 'kubectl get vpn -A'],
      ['Wait for a router', 'kubectl wait --for=condition=Ready router/branch-1 -n acme'],
      ['One router', 'kubectl describe router/branch-1 -n acme'],
      ["One tenant's tunnel", 'kubectl describe tenanttunnel/acme -n acme'],
      ['What may be written', 'kubectl explain router.spec'],
    ];
    const captures: Capture[] = [];
    for (const [title, command] of commands) {
      captures.push({ title, command, output: await world.kubectl(command.split(' ').slice(1)) });
    }
    writeIfAsked(captures);
    for (const { command, output } of captures) {
      for (const line of withoutScript(output).trimEnd().split('\n')) report(command, line);
      expect({ command, shape: shape(command, output) }).toEqual({
        command,
        shape: shape(command, documented(command)),
      });
    }
    const [all] = captures;
    for (const key of sites) {
      const [namespace, name] = key.split('/');
      expect(all?.output).toMatch(
        new RegExp(`${namespace} +router.vpn.traidnet.io/${name} +Online +${address(key)} `),
      );
    }
  });
});

describe('nothing that the operator writes is a drift from what was applied', () => {
  const rendered = (): Promise<string> =>
    world.cluster.helm(
      ['template', RELEASE, CHART, '-n', SYSTEM_NAMESPACE, '-f', '-', '--no-hooks', '--include-crds'],
      { input: JSON.stringify(world.values()) },
    );

  test('kubectl diff of the Routers is empty, however they were applied', async () => {
    expect(await world.diff(manifestsOf('acme'))).toBe('');
    expect(await world.diff(manifestsOf('globex'), ['--server-side'])).toBe('');
  });

  test('kubectl diff of helm template and of helm get manifest is empty', async () => {
    expect(await world.diff(await rendered())).toBe('');
    expect(
      await world.diff(await world.cluster.helm(['get', 'manifest', RELEASE, '-n', SYSTEM_NAMESPACE])),
    ).toBe('');
  });
});

describe('who reaches whom', () => {
  test('routers of one tenant reach each other and their server', async () => {
    for (const key of sites) {
      const server = world.tunnel(`${tenantOf(key)}/${tenantOf(key)}`).status?.serverAddress ?? '';
      expect([key, server, await reaches(key, server)]).toEqual([key, server, true]);
      for (const other of sites.filter((one) => one !== key && tenantOf(one) === tenantOf(key))) {
        expect([key, other, await reaches(key, address(other))]).toEqual([key, other, true]);
      }
    }
  });

  test('a router that sends all it can reaches neither the other tenant nor the node, a pod or a Service', async () => {
    const [acme, globex] = [world.tunnel('acme/acme').status, world.tunnel('globex/globex').status];
    const greedy = machine('acme/branch-1');
    const pod = (await world.cluster.request('GET', `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods`))
      .json()
      .items.find(({ status }: { status: { podIP?: string } }) => status.podIP !== undefined);
    const podAddress: string = pod.status.podIP;
    const service = (
      await world.cluster.request('GET', '/api/v1/namespaces/default/services/kubernetes')
    ).json();
    const serviceAddress: string = service.spec.clusterIP;
    const kubelet = [world.node.address, 10250] as const;
    const from = fromNamespace(greedy.netns);
    // The kubelet listens, and the test's way of asking finds it: over the internet.
    expect(await opensTcp(from, ...kubelet)).toBe(true);

    const wanted = [globex?.subnet ?? '', `${podAddress}/32`, `${serviceAddress}/32`];
    await greedy.paste(
      [
        '/interface/wireguard/peers/set [find where interface="tenant-tunnel"] allowed-address=0.0.0.0/0',
        ...wanted.map((subnet) => `/ip/route/add dst-address=${subnet} gateway=${acme?.serverAddress}`),
      ].join('\n'),
    );
    expect(await greedy.exec('ip', ['route', 'get', podAddress])).toContain(`via ${acme?.serverAddress}`);
    expect(await reaches('acme/branch-1', acme?.serverAddress ?? '')).toBe(true);
    const pinged = [address('globex/north'), globex?.serverAddress ?? '', podAddress];
    for (const target of pinged) {
      expect([target, await reaches('acme/branch-1', target)]).toEqual([target, false]);
    }
    const ports = [
      [address('globex/north'), 8728],
      [acme?.serverAddress ?? '', 10250],
      [globex?.serverAddress ?? '', 10250],
      [podAddress, 8080],
      [podAddress, 9820],
      [podAddress, 9821],
      [serviceAddress, 443],
    ] as const;
    const opened = await Promise.all(
      ports.map(async ([target, port]) => [target, port, await opensTcp(from, target, port)]),
    );
    expect(opened).toEqual(ports.map(([target, port]) => [target, port, false]));
    const { interfaceName = '' } = acme ?? {};
    const routes = await execInTunnel(world, interfaceName, 'ip', ['route']);
    expect(routes.trim().split('\n')).toHaveLength(1);
    report('isolation', `${pinged.length} addresses and ${ports.length} ports tried, none reached`);
  });
});

describe('who may touch what, seen from the node', () => {
  test('the privileged container has no token, the agent has one and is nobody', async () => {
    const pod = await gatewayPod(world.cluster, world.node.name);
    const sidecar = await lookInside(world.cluster, pod, 'wireguard');
    const agent = await lookInside(world.cluster, pod, 'agent');
    for (const [name, seen] of Object.entries({ agent, wireguard: sidecar })) {
      const { token, ...rest } = seen;
      report(`inside ${name}`, `token: ${token === null ? 'none' : 'yes'}; ${JSON.stringify(rest)}`);
      expect([name, seen.shells, seen.readOnlyRoot]).toEqual([name, [], true]);
    }
    expect(sidecar).toMatchObject({ token: null, secretMounts: [], uid: 0 });
    expect(agent).toMatchObject({ uid: 65532, capabilities: '0000000000000000' });
    expect(agent.token).not.toBeNull();
    // The sidecar is in the node's network, the agent is not.
    const ofNode = (await world.node.exec('readlink', ['/proc/1/ns/net'])).trim();
    expect(sidecar.network).toBe(ofNode);
    expect(agent.network).not.toBe(ofNode);
  });

  test("the agent's own token reads its handover, and no Secret anywhere else", async () => {
    const { cluster } = world;
    const pod = await gatewayPod(cluster, world.node.name);
    const { token } = await lookInside(cluster, pod, 'agent');
    const who = await whoIs(cluster, token ?? '');
    expect(who).toMatch(new RegExp(`^system:serviceaccount:${SYSTEM_NAMESPACE}:`));
    await world.create('/api/v1/namespaces/acme/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'theirs' },
    });
    const secrets = (namespace: string, name = '') => `/api/v1/namespaces/${namespace}/secrets${name}`;
    const tries: [path: string, status: number][] = [
      [secrets(GATEWAY_NAMESPACE), 200],
      [secrets('acme', '/theirs'), 403],
      [secrets('kube-system'), 403],
      [secrets(SYSTEM_NAMESPACE, '/ledger-tunnels'), 403],
      [secrets(SYSTEM_NAMESPACE), 403],
      ['/api/v1/secrets', 403],
    ];
    for (const [path, expected] of tries) {
      const status = await statusFor(cluster, token ?? '', path);
      report(who, `GET ${path}: ${status}`);
      expect([path, status]).toEqual([path, expected]);
    }
    const cannot = await world
      .kubectl(['auth', 'can-i', 'get', 'secrets', '-n', 'acme', `--as=${who}`])
      .catch((error: Error) => error.message);
    expect(cannot).toMatch(/exit code 1/);
  });

  test('the controller reads no Secret outside of the two namespaces', async () => {
    const { cluster } = world;
    const [pod] = await podsOf(cluster, 'controller');
    if (pod === undefined) throw new Error('There is no controller.');
    const inside = await lookInside(cluster, pod, pod.containers[0]?.name ?? '');
    expect(inside).toMatchObject({ uid: 65532, capabilities: '0000000000000000', readOnlyRoot: true });
    for (const path of ['/api/v1/secrets', '/api/v1/namespaces/acme/secrets/theirs']) {
      expect([path, await statusFor(cluster, inside.token ?? '', path)]).toEqual([path, 403]);
    }
  });
});
