/**
 * LoadBalancer with a real kube-proxy: packets to the load balancer's address reach WireGuard on the node, and those of
 * WireGuard go back from that address. The test is the cloud: it sends to whichever node answers the health check.
 */
import { jest } from '@jest/globals';
import { GROUP_PATH } from '../processes/field.ts';
import { PingStream } from '../processes/ping-stream.ts';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { runInside } from '../testbed/namespaces.ts';
import { GATEWAY_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';
import { inSeconds, report } from './report.ts';
import { ClusterWorld } from './world.ts';

jest.setTimeout(240_000);

const NODES = ['edge-1', 'edge-2'];
/** Of the test internet, where nobody has it. */
const BALANCER = '198.51.100.250';
const TUNNEL = 'acme/acme';

let world: ClusterWorld;
let router: SimulatedRouter;
beforeAll(async () => {
  world = await ClusterWorld.start({ nodes: NODES.map((name) => ({ name })), namespaces: ['acme'] });
  await world.install({ values: world.values({ defaultClass: { create: false } }) });
}, 600_000);
afterAll(() => world?.stop());

interface BalancedService {
  metadata: { name: string };
  spec: { healthCheckNodePort: number };
}
const service = async (): Promise<BalancedService> =>
  JSON.parse(await world.kubectl(['get', 'service', '-n', GATEWAY_NAMESPACE, 'tunnel-0-lb', '-o', 'json']));

/** What a cloud asks each node: whether something behind the Service is there. */
async function healthy(port: number): Promise<string[]> {
  const answers = await Promise.all(
    NODES.map(async (name) => {
      const { address } = world.cluster.node(name);
      const url = `http://${address}:${port}/healthz`;
      const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '2', url];
      const code = await runInside(world.network.name, 'curl', args).catch(() => '000');
      return String(code).trim() === '200' ? [name] : [];
    }),
  );
  return answers.flat();
}

const leadTo = (node: string) =>
  runInside(world.network.name, 'ip', [
    'route',
    'replace',
    `${BALANCER}/32`,
    'via',
    world.cluster.node(node).address,
  ]);

test('a router waits for the load balancer, and comes through it', async () => {
  await world.create(`${GROUP_PATH}/tunnelclasses`, {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'TunnelClass',
    metadata: { name: 'balanced', annotations: { 'vpn.traidnet.io/is-default-class': 'true' } },
    spec: { endpoint: { mode: 'LoadBalancer' } },
  });
  await world.apply('acme/branch-1');
  await waitFor('the tunnel waits for its load balancer', () => {
    const conditions = world.history.tunnel(TUNNEL)?.status?.conditions;
    return (conditions ?? []).some(
      ({ type, reason }) => type === 'EndpointReady' && reason === 'LoadBalancerPending',
    );
  });
  expect(world.router('acme/branch-1').status?.script).toBeUndefined();
  const { healthCheckNodePort } = (await service()).spec;
  const { gateway = '' } = world.tunnel(TUNNEL).status ?? {};
  await waitFor('the node of the tunnel, and it alone, is healthy', async () => {
    return String(await healthy(healthCheckNodePort)) === gateway;
  });
  const status = { loadBalancer: { ingress: [{ ip: BALANCER }] } };
  await world.kubectl([
    ...['patch', 'service', '-n', GATEWAY_NAMESPACE, 'tunnel-0-lb', '--subresource=status'],
    ...['--type=merge', '-p', JSON.stringify({ status })],
  ]);
  // What comes before is in the node's connection table as it came, and each further attempt keeps it there.
  await waitFor('kube-proxy leads its address to the tunnel', async () => {
    const rules = await world.cluster.node(gateway).exec('nft', ['list', 'ruleset']);
    return rules.includes(`${BALANCER} . udp . 51820 : goto`);
  });
  await leadTo(gateway);
  router = await world.plugIn('acme/branch-1', '7.18.2');
  await world.paste('acme/branch-1', router);
  await world.untilPhase('acme/branch-1', 'Online');
  expect(await world.script('acme/branch-1')).toContain(`endpoint-address="${BALANCER}"`);
  report('LoadBalancer', `${TUNNEL} on ${gateway}, its router Online through ${BALANCER}`);
});

test('a drained node: the load balancer finds the other, and the router comes back by itself', async () => {
  const { gateway: from = '', serverAddress = '' } = world.tunnel(TUNNEL).status ?? {};
  const to = NODES.find((name) => name !== from) ?? '';
  const { healthCheckNodePort } = (await service()).spec;
  const pings = new PingStream(router.netns, serverAddress);
  try {
    await pings.isAnswered();
    const began = performance.now();
    await world.kubectl(['cordon', from]);
    await waitFor('the health check finds the other node', async () => {
      return String(await healthy(healthCheckNodePort)) === to;
    });
    const found = performance.now() - began;
    await leadTo(to);
    await waitFor(
      'the router answers there',
      async () => (await router.ping(serverAddress, { count: 1 })).received > 0,
      200_000,
    );
    report(
      'LoadBalancer',
      `cordoned → health check moved after ${inSeconds(found)}, router back after ${inSeconds(performance.now() - began)}`,
    );
  } finally {
    pings.end();
  }
  expect(world.tunnel(TUNNEL).status?.gateway).toBe(to);
  await world.untilPhase('acme/branch-1', 'Online');
});
