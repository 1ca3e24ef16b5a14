/**
 * What the endpoint mode LoadBalancer asks of a cluster, held against a real kube-proxy on two nodes, with a real
 * WireGuard behind it: packets to the load balancer's address arrive at the node's own port with the router's address on
 * them, answers leave from the load balancer's, and of the nodes only that of the tunnel is healthy. The test is the
 * cloud, which sends where the health check answers.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { endpointObjects } from '../../src/controller/endpoint/objects.ts';
import { generateKeyPair } from '../../src/wireguard/index.ts';
import { ensureNodeBinaries } from '../testbed/binaries.ts';
import { ADMIN, type ControlPlane, startControlPlane } from '../testbed/control-plane.ts';
import { kubeProxyConfig } from '../testbed/kubernetes/configuration.ts';
import { clusterKubeconfig } from '../testbed/kubernetes/controllers.ts';
import { type OwnedProcess, spawnOwned } from '../testbed/lifetime.ts';
import { inside, newWireguardName, runInside } from '../testbed/namespaces.ts';
import {
  createTestNetwork,
  type NattedHost,
  type NetworkHost,
  type TestNetwork,
} from '../testbed/network.ts';
import { waitFor } from '../testbed/wait.ts';
import { tunnelClass } from '../unit/controller/fixtures.ts';

jest.setTimeout(180_000);

const PORT = 51_820;
/** Of the test internet, where nobody has it. */
const BALANCER = '198.51.100.250';
const SERVICES = '/api/v1/namespaces/default/services';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

interface Machine {
  name: string;
  host: NetworkHost;
  proxy: OwnedProcess;
}

let network: TestNetwork;
let plane: ControlPlane;
let home: NattedHost;
const machines: Machine[] = [];
const server = generateKeyPair();
const router = generateKeyPair();

beforeAll(async () => {
  const { kubeProxy } = await ensureNodeBinaries();
  network = await createTestNetwork('load-balancer');
  plane = await startControlPlane({ host: await network.attach('api') });
  home = await network.attachBehindNat('home');
  for (const name of ['edge-1', 'edge-2']) {
    const host = await network.attach(name);
    await plane.request('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const status = { addresses: [{ type: 'InternalIP', address: host.address }] };
    await plane.request('PATCH', `/api/v1/nodes/${name}/status`, { status }, 'application/merge-patch+json');
    const kubeconfig = join(plane.directory, `${name}.kubeconfig`);
    writeFileSync(kubeconfig, clusterKubeconfig(plane, ADMIN), { mode: 0o600 });
    const configuration = join(plane.directory, `${name}.yaml`);
    writeFileSync(configuration, kubeProxyConfig(name, kubeconfig));
    const [command, ...args] = inside(host.netns, kubeProxy, [`--config=${configuration}`]);
    machines.push({
      name,
      host,
      proxy: await spawnOwned(plane.directory, `${name}-proxy`, command, args),
    });
  }
}, 900_000);
afterAll(async () => {
  await Promise.all(machines.map(({ proxy }) => proxy.kill()));
  await plane?.stop();
  await network?.destroy();
});

const at = (index: number): Machine => machines[index] as Machine;

/** Puts what the operator makes of a tunnel on this node. */
async function lieOn({ name, host }: Machine): Promise<void> {
  const { services, slices = [] } = endpointObjects({
    namespace: 'default',
    entry: { index: 0, listenPort: PORT },
    tunnelClass: tunnelClass('balanced', { endpoint: { mode: 'LoadBalancer' } }),
    node: { name, outer: [], inner: [host.address] },
    standing: { record: undefined, balancer: undefined },
  });
  for (const [path, objects] of [
    [SERVICES, services],
    [SLICES, slices],
  ] as const) {
    for (const object of objects) {
      const query = 'fieldManager=tenant-tunnel-controller&force=true';
      const where = `${path}/${object.metadata.name}?${query}`;
      const reply = await plane.request('PATCH', where, { ...object }, 'application/apply-patch+yaml');
      if (reply.status >= 300) throw new Error(reply.text);
    }
  }
}

/** WireGuard in a namespace, until the process ends. */
async function wireguard(
  netns: string,
  privateKey: string,
  address: string,
  settings: readonly string[],
): Promise<string> {
  const name = newWireguardName();
  const file = join(plane.directory, `${name}.key`);
  writeFileSync(file, privateKey, { mode: 0o600 });
  await runInside(netns, 'wireguard-go', [name]);
  await runInside(netns, 'wg', ['set', name, 'private-key', file, ...settings]);
  await runInside(netns, 'ip', ['addr', 'add', address, 'dev', name]);
  await runInside(netns, 'ip', ['link', 'set', name, 'up']);
  return name;
}

const serve = ({ host }: Machine) =>
  wireguard(host.netns, server.privateKey, '10.100.0.1/16', [
    ...['listen-port', String(PORT), 'peer', router.publicKey, 'allowed-ips', '10.100.1.1/32'],
  ]);

async function isHealthy({ host }: Machine, port: number): Promise<boolean> {
  const url = `http://${host.address}:${port}/healthz`;
  const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '2', url];
  return (await runInside(network.name, 'curl', args).catch(() => '')).trim() === '200';
}

const untilOnlyHealthy = (machine: Machine, port: number) =>
  waitFor(`${machine.name}, and it alone, is healthy`, async () => {
    const answers = await Promise.all(machines.map((one) => isHealthy(one, port)));
    return answers.every((isUp, index) => isUp === (at(index) === machine));
  });

const leadTo = ({ host }: Machine) =>
  runInside(network.name, 'ip', ['route', 'replace', `${BALANCER}/32`, 'via', host.address]);

const pings = async (): Promise<boolean> =>
  (await runInside(home.netns, 'ping', ['-c', '1', '-W', '1', '10.100.0.1']).catch(() => '')).includes(
    ' 0% ',
  );

test('a router reaches WireGuard on the node through the load balancer, and again where the tunnel goes', async () => {
  await lieOn(at(0));
  const status = { loadBalancer: { ingress: [{ ip: BALANCER }] } };
  const path = `${SERVICES}/tunnel-0-lb/status`;
  const made = await plane.request('PATCH', path, { status }, 'application/merge-patch+json');
  const { healthCheckNodePort } = made.json().spec;
  await untilOnlyHealthy(at(0), healthCheckNodePort);
  const first = await serve(at(0));
  await leadTo(at(0));
  await wireguard(home.netns, router.privateKey, '10.100.1.1/16', [
    ...['peer', server.publicKey, 'allowed-ips', '10.100.0.0/16', 'endpoint', `${BALANCER}:${PORT}`],
    ...['persistent-keepalive', '1'],
  ]);
  await waitFor('the router reaches the server', pings);
  const peers = await runInside(at(0).host.netns, 'wg', ['show', first, 'endpoints']);
  // Not masqueraded: where a router is is written down, and spoken to first from there.
  expect(peers).toContain(home.publicAddress);

  // The tunnel goes to the other node.
  await runInside(at(0).host.netns, 'ip', ['link', 'del', first]);
  await serve(at(1));
  await lieOn(at(1));
  await untilOnlyHealthy(at(1), healthCheckNodePort);
  await leadTo(at(1));
  await waitFor('the router reaches it there', pings, 60_000);
});
