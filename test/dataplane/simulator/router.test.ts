import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { namespacesOf } from '../../testbed/namespaces.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { ApiClient } from './api-client.ts';

describe('a simulated router on its network', () => {
  let network: TestNetwork;

  beforeAll(async () => {
    network = await createTestNetwork('routers');
  });

  afterAll(() => network?.destroy());

  test('may have a public address of its own, and cannot be moved then', async () => {
    const router = await SimulatedRouter.start({ network, name: 'public', version: '7.16.2', nat: false });
    const other = await SimulatedRouter.start({ network, name: 'home', version: '7.16.2' });
    expect(router.publicAddress).toMatch(/^198\.51\.100\./);
    expect(await other.ping(router.publicAddress)).toEqual({ sent: 1, received: 1 });
    await expect(router.moveTo()).rejects.toThrow('public address of its own');
    // The default firewall answers pings on the WAN and nothing else.
    await expect(
      ApiClient.connect(`/run/netns/${other.netns}`, router.publicAddress, 8728, 500),
    ).rejects.toThrow('does not answer');
  });

  test('is open on its WAN without the default firewall', async () => {
    const bare = { network, version: '7.16.2', nat: false, defaultFirewall: false };
    const router = await SimulatedRouter.start({ ...bare, name: 'bare' });
    const other = await SimulatedRouter.start({ ...bare, name: 'neighbour' });
    const client = await ApiClient.connect(`/run/netns/${other.netns}`, router.publicAddress);
    expect(await client.login('admin', '')).toEqual([['!done']]);
    client.close();
  });

  test('follows what is typed into its terminal', async () => {
    const router = await SimulatedRouter.start({ network, name: 'typed', version: '7.22.3' });
    await router.paste(`
      /ip address add address=192.0.2.1/24 interface=bridge
      /ip service set winbox disabled=yes
      /ip service set api port=18728
    `);
    expect(await router.exec('ip', ['-o', 'address', 'show', 'dev', 'bridge'])).toContain('192.0.2.1/24');
    const ports = await router.exec('ss', ['-Htln']);
    expect(ports).toContain(':18728 ');
    expect(ports).not.toContain(':8291 ');
    await router.paste('/ip address remove [find where address="192.0.2.1/24"]');
    expect(await router.exec('ip', ['-o', 'address', 'show', 'dev', 'bridge'])).not.toContain('192.0.2.1');
  });

  test('pings from its terminal for real', async () => {
    const router = await SimulatedRouter.start({ network, name: 'pinging', version: '7.22.3' });
    const host = await network.attach('target');
    const ask = `:put ("got " . [/ping address=${host.address} count=2])`;
    expect(await router.paste(ask)).toContain('got 2');
    await router.setLink({ up: false });
    expect(await router.paste(ask)).toContain('got 0');
  });

  test('makes its static routes, those that cannot be reached yet as soon as they can', async () => {
    const router = await SimulatedRouter.start({ network, name: 'routing', version: '7.22.3' });
    await router.paste('/ip route add dst-address=10.50.0.0/16 gateway=192.0.2.99');
    const routes = () => router.exec('ip', ['route', 'show', '10.50.0.0/16']);
    expect(await routes()).toBe('');
    await router.paste('/ip address add address=192.0.2.1/24 interface=bridge');
    expect(await routes()).toContain('via 192.0.2.99');
    await router.paste('/ip route remove [find where dst-address="10.50.0.0/16"]');
    expect(await routes()).toBe('');
  });

  test('forgets connections, leases and uptime when it restarts, and nothing else', async () => {
    const router = await SimulatedRouter.start({ network, name: 'restarting', version: '7.22.3' });
    await router.paste('/system identity set name=kept');
    const before = router.os.snapshot();
    const rules = await router.exec('nft', ['-s', 'list', 'ruleset']);
    const host = await network.attach('remembered');
    await router.ping(host.address);
    const connections = () => router.exec('cat', ['/proc/net/nf_conntrack']);
    expect(await connections()).toContain(`dst=${host.address}`);
    await router.powerOff();
    expect(router.isOn).toBe(false);
    expect(router.os.rows('/ip/address').some((row) => row.dynamic === 'true')).toBe(false);
    await expect(router.paste(':put 1')).rejects.toThrow('switched off');
    await router.powerOn();
    expect(await connections()).not.toContain(`dst=${host.address}`);
    expect(await router.exec('sysctl', ['-n', 'net.netfilter.nf_conntrack_udp_timeout'])).toBe('10\n');
    expect(router.os.snapshot()).toEqual(before);
    expect(await router.exec('nft', ['-s', 'list', 'ruleset'])).toBe(rules);
    expect(router.os.rows('/ip/address').some((row) => row.dynamic === 'true')).toBe(true);
  });

  test('removes its namespaces when it is stopped', async () => {
    const router = await SimulatedRouter.start({ network, name: 'stopped', version: '7.22.3' });
    const { netns } = router;
    await router.stop();
    await router.stop();
    expect(namespacesOf(netns)).toEqual([]);
    // Its name and its place are free again.
    const next = await SimulatedRouter.start({ network, name: 'stopped', version: '7.22.3' });
    expect(next.netns).toBe(netns);
  });

  test('lies on a desk by the hundred, without a network', async () => {
    const routers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        SimulatedRouter.start({ name: `desk-${index}`, version: '7.16.2' }),
      ),
    );
    for (const [index, router] of routers.entries())
      await router.paste(`/system identity set name=r${index}`);
    expect(routers.map((router) => router.os.rows('/system/identity')[0]?.name)).toEqual(
      routers.map((_, index) => `r${index}`),
    );
    expect(() => routers[0]?.netns).toThrow('without a network');
  });
});
