/** Networks behind routers, and whether routers reach each other: what is handed over, what is said, changed live. */
import { jest } from '@jest/globals';
import type { HandoverPeer, TunnelHandover } from '../../../src/api/index.ts';
import { parsePeers } from '../../../src/wireguard/index.ts';
import { ControllerHarness, until } from './harness.ts';

jest.setTimeout(120_000);

let harness: ControllerHarness;
beforeAll(async () => {
  harness = await ControllerHarness.start();
  for (const namespace of ['a', 'b']) await harness.addNamespace(namespace);
  await harness.addClass('standard');
  await harness.addNode('node-1');
  await harness.startController();
});
afterAll(() => harness?.stop());

async function peersOf(index: unknown): Promise<HandoverPeer[]> {
  const data = await harness.handedOver('configmaps', `tunnel-${index}-peers-1`);
  return parsePeers(data?.['peers.conf'] ?? '');
}
const behind = async (index: unknown, name: string): Promise<string[]> =>
  (await peersOf(index)).find((peer) => peer.name === name)?.allowedIPs.slice(1) ?? [];
const setSubnets = (key: string, subnets: string[]) =>
  harness.patch(harness.path('routers', key), { spec: { subnets } });
const routed = async (key: string) => {
  const object = await harness.router(key);
  const { status, reason, message } = harness.condition(object, 'Routed') ?? {};
  return { subnets: object?.status?.subnets, status, reason, message };
};
async function untilRouted(key: string, expected: object): Promise<void> {
  let last: unknown;
  await until(
    `${key} says so`,
    async () => {
      last = await routed(key);
      return Object.entries(expected).every(
        ([name, value]) => JSON.stringify(last?.[name as keyof typeof last]) === JSON.stringify(value),
      );
    },
    20_000,
    () => JSON.stringify(last),
  );
}

test('networks of a Router are handed over and told; added, taken away, moved to another', async () => {
  await harness.addRouter('a/one', { tenant: 'acme', subnets: ['192.168.88.0/24', '10.9.0.0/16'] });
  await harness.addRouter('a/two', { tenant: 'acme' });
  const { address } = await harness.granted('a/one');
  await harness.granted('a/two');
  const { index } = await harness.allocated('a/acme');
  await untilRouted('a/one', {
    subnets: ['10.9.0.0/16', '192.168.88.0/24'],
    status: 'True',
    reason: 'Routed',
    message: `Through ${address}: 10.9.0.0/16, 192.168.88.0/24.`,
  });
  await until('both are handed over', async () => (await behind(index, 'one')).length === 2);
  expect(harness.condition(await harness.router('a/two'), 'Routed')).toBeUndefined();

  await setSubnets('a/one', ['192.168.88.0/24']);
  await setSubnets('a/two', ['10.9.0.0/16']);
  await untilRouted('a/two', { subnets: ['10.9.0.0/16'], status: 'True' });
  await until('the network has moved', async () => (await behind(index, 'two')).join() === '10.9.0.0/16');
  await until(
    'and is not at the first',
    async () => (await behind(index, 'one')).join() === '192.168.88.0/24',
  );

  await setSubnets('a/two', []);
  await untilRouted('a/two', { subnets: undefined, status: undefined });
  await until('it is gone', async () => (await behind(index, 'two')).length === 0);
});

test('a network that another Router has is refused to the later one, which works all the same, and comes to it when it is free', async () => {
  await harness.addRouter('a/first', { tenant: 'beta', subnets: ['192.168.88.0/24'] });
  await harness.granted('a/first');
  await untilRouted('a/first', { status: 'True' });
  await harness.addRouter('a/later', { tenant: 'beta', subnets: ['192.168.0.0/16', '172.16.0.0/24'] });
  await harness.granted('a/later');
  const { index } = await harness.allocated('a/beta');
  await untilRouted('a/later', {
    subnets: ['172.16.0.0/24'],
    status: 'False',
    reason: 'SubnetOverlap',
    message:
      'Not routed: 192.168.0.0/16 overlaps 192.168.88.0/24 of Router a/first. Write another network in spec.subnets, or take it from the one that has it. Routed: 172.16.0.0/24.',
  });
  expect(harness.condition(await harness.router('a/later'), 'Allocated')?.status).toBe('True');
  expect(await behind(index, 'later')).toEqual(['172.16.0.0/24']);

  // The first one's stays with it though it asks for more, which the later one has.
  await setSubnets('a/first', ['192.168.88.0/24', '172.16.0.0/12']);
  await untilRouted('a/first', { subnets: ['192.168.88.0/24'], status: 'False' });
  expect(await behind(index, 'later')).toEqual(['172.16.0.0/24']);

  // A restart writes nothing of it; another tenant's Router tells when it has looked at all.
  const versions = async () => [
    (await harness.router('a/first'))?.metadata.resourceVersion,
    (await harness.router('a/later'))?.metadata.resourceVersion,
    await behind(index, 'first'),
    await behind(index, 'later'),
  ];
  const before = await versions();
  await harness.stopController();
  await harness.startController();
  await harness.addRouter('a/quiet', { tenant: 'gamma' });
  await harness.granted('a/quiet');
  expect(await versions()).toEqual(before);

  await harness.delete(harness.path('routers', 'a/first'));
  await untilRouted('a/later', { subnets: ['172.16.0.0/24', '192.168.0.0/16'], status: 'True' });
  await until('it is handed over', async () => (await behind(index, 'later')).length === 2);
});

test("a network in which the tunnel's own lies is refused; one of another tenant's tunnel or of the cluster is nobody's business", async () => {
  await harness.addRouter('a/wide', { tenant: 'delta', subnets: ['10.0.0.0/8', '10.96.0.0/16'] });
  await harness.granted('a/wide');
  const tunnel = await harness.allocated('a/delta');
  await untilRouted('a/wide', {
    subnets: ['10.96.0.0/16'],
    status: 'False',
    message: `Not routed: 10.0.0.0/8 overlaps the tunnel's own ${tunnel.subnet}. Write another network in spec.subnets, or take it from the one that has it. Routed: 10.96.0.0/16.`,
  });
  await harness.addRouter('b/alike', { tenant: 'other', subnets: ['10.96.0.0/16', String(tunnel.subnet)] });
  await harness.granted('b/alike');
  await untilRouted('b/alike', { status: 'True' });
});

test('whether routers reach each other goes to the gateway, by class or by tunnel, and is left out where they do', async () => {
  await harness.addClass('apart', { routerToRouter: 'Deny' }, false);
  await harness.addTunnel('b/apart', { className: 'apart' });
  await harness.addTunnel('b/usual');
  const said = async (key: string): Promise<string | undefined> => {
    const { index } = await harness.allocated(key);
    const data = await harness.handedOver('configmaps', `tunnel-${index}`);
    return (JSON.parse(data?.['tunnel.json'] ?? '{}') as TunnelHandover).routerToRouter;
  };
  await until('it is handed over', async () => (await said('b/apart')) === 'Deny');
  expect(await said('b/usual')).toBeUndefined();
  const tunnelPath = harness.path('tenanttunnels', 'b/apart');
  await harness.patch(tunnelPath, { spec: { routerToRouter: 'Allow' } });
  await until('the tunnel says otherwise', async () => (await said('b/apart')) === undefined);
  await harness.patch(harness.path('tenanttunnels', 'b/usual'), { spec: { routerToRouter: 'Deny' } });
  await until('the other too', async () => (await said('b/usual')) === 'Deny');
  await harness.patch(tunnelPath, { spec: { routerToRouter: null } });
  await until('it is as the class says', async () => (await said('b/apart')) === 'Deny');
  await harness.patch(harness.classPath('apart'), { spec: { routerToRouter: 'Allow' } });
  await until('the class has changed', async () => (await said('b/apart')) === undefined);
});
