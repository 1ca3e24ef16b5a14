/** A provider that gives no IPv4: a router whose only way to its gateway is IPv6, by address and by name. */
import { jest } from '@jest/globals';
import type { SimulatedRouter } from '../simulator/machine/index.ts';
import { runInside } from '../testbed/namespaces.ts';
import { waitFor } from '../testbed/wait.ts';
import { GROUP_PATH } from './field.ts';
import { peersOnNode } from './node-side.ts';
import { World } from './world.ts';

jest.setTimeout(180_000);

const GATEWAY = '2001:db8::1';
const NAME = 'vpn.example.com';

let world: World;

/** Its home: the provider's box routes IPv6, and knows no IPv4 outside any more. */
async function onlyIpv6(router: SimulatedRouter, number: number): Promise<string> {
  const outside = `2001:db8::${number}0`;
  const home = `2001:db8:${number}`;
  const ip = (netns: string, ...args: string[]) => runInside(netns, 'ip', ['-6', ...args]);
  const box = `${router.netns}.nat`;
  await runInside(box, 'sysctl', ['-q', '-w', 'net.ipv6.conf.all.forwarding=1']);
  await runInside(box, 'ip', ['-4', 'addr', 'flush', 'dev', 'wan']);
  await ip(box, 'addr', 'add', `${outside}/64`, 'dev', 'wan', 'nodad');
  await ip(box, 'addr', 'add', `${home}::1/64`, 'dev', 'lan', 'nodad');
  await runInside(router.netns, 'sysctl', ['-q', '-w', 'net.ipv6.conf.ether1.disable_ipv6=0']);
  await ip(router.netns, 'addr', 'add', `${home}::2/64`, 'dev', 'ether1', 'nodad');
  await ip(router.netns, 'route', 'add', 'default', 'via', `${home}::1`);
  await world.system.node.exec('ip', ['-6', 'route', 'add', `${home}::/64`, 'via', outside]);
  return `${home}::2`;
}

/** Where the gateway sees a router, without the port. */
async function seenAt(key: string): Promise<string | undefined> {
  const { publicKey = '' } = world.router(key).status ?? {};
  const endpoint = (await peersOnNode(world.system, 'wg0', 'endpoints')).get(publicKey);
  return endpoint?.replace(/:\d+$/, '');
}

beforeAll(async () => {
  world = await World.start({ namespaces: ['acme'], classSpec: { endpoint: { host: GATEWAY } } });
  await world.system.node.exec('ip', ['-6', 'addr', 'add', `${GATEWAY}/64`, 'dev', 'ether1', 'nodad']);
});
afterAll(() => world?.stop());

test('is Online by an endpoint that is an address', async () => {
  await world.apply('acme/address');
  const router = await world.plugIn('acme/address', '7.16.2');
  const own = await onlyIpv6(router, 1);
  expect(await world.script('acme/address')).toContain(`endpoint-address="${GATEWAY}" endpoint-port="51820"`);
  await world.paste('acme/address', router);
  await world.untilPhase('acme/address', 'Online');
  expect(world.tunnel('acme/acme').status?.endpoint).toBe(`[${GATEWAY}]:51820`);
  expect(await seenAt('acme/address')).toBe(`[${own}]`);
  const [peer] = router.os.rows('/interface/wireguard/peers');
  expect(peer?.['current-endpoint-address']).toBe(GATEWAY);
  const rules = router.os
    .rows('/ipv6/firewall/filter')
    .filter(({ comment }) => /WireGuard/.test(comment ?? ''));
  expect(rules).toEqual([expect.objectContaining({ 'src-address': expect.stringContaining(GATEWAY) })]);
  expect((await router.ping(world.tunnel('acme/acme').status?.serverAddress ?? '')).received).toBeGreaterThan(
    0,
  );
});

test('is Online by an endpoint that is a name with such an address, once the class says so', async () => {
  world.network.hosts.set(NAME, GATEWAY);
  await world.system.plane.request(
    'PATCH',
    `${GROUP_PATH}/tunnelclasses/standard`,
    { spec: { endpoint: { host: NAME } } },
    'application/merge-patch+json',
  );
  await waitFor('the tunnel says so', () => world.tunnel('acme/acme').status?.endpoint === `${NAME}:51820`);
  await world.apply('acme/name');
  const router = await world.plugIn('acme/name', '7.24');
  const own = await onlyIpv6(router, 2);
  await world.paste('acme/name', router);
  await world.untilPhase('acme/name', 'Online');
  expect(await seenAt('acme/name')).toBe(`[${own}]`);
  for (const menu of ['/ip/firewall/filter', '/ipv6/firewall/filter']) {
    const rules = router.os.rows(menu).filter(({ comment }) => /WireGuard/.test(comment ?? ''));
    expect([menu, rules.length]).toEqual([menu, 1]);
  }
  // Both kinds of router talk to each other.
  expect((await router.ping(world.router('acme/address').status?.address ?? '')).received).toBeGreaterThan(0);
});
