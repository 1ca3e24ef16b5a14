/** A router whose endpoint's name comes to mean another address goes there by itself: src/routeros/script/resolve-again.ts. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderScript } from '../../../src/routeros/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { waitFor } from '../../testbed/wait.ts';
import { addWireguardPeer, startWireguardServer } from '../../testbed/wireguard-server.ts';

const server = generateKeyPair();
const own = generateKeyPair();
let network: TestNetwork;
let nodes: TestNode[];

/** As a gateway does it to which the tunnel has come: with the same key. */
async function serve(node: TestNode): Promise<void> {
  await node.exec('sh', ['-c', '! ip link show wg0 2>/dev/null || ip link del wg0']);
  await startWireguardServer(node, server);
  await addWireguardPeer(node, own.publicKey, '10.100.1.1/32');
}

const isHeardAt = async (node: TestNode): Promise<boolean> =>
  /\t[1-9]\d*\s*$/.test(await node.exec('wg', ['show', 'wg0', 'latest-handshakes']));

beforeAll(async () => {
  network = await createTestNetwork('newaddr');
  nodes = [await createNode(network, 'old'), await createNode(network, 'new')];
}, 60_000);

afterAll(() => network?.destroy());

test.each(['7.9.2', '7.24'])(
  'RouterOS %s',
  async (version) => {
    const [before, after] = nodes as [TestNode, TestNode];
    network.hosts.set('vpn.example.net', before.address);
    const router = await SimulatedRouter.start({
      network,
      name: `r${version.replaceAll('.', '-')}`,
      version,
    });
    try {
      const script = renderScript({
        router: { namespace: 'acme', name: 'branch' },
        identity: 'branch',
        tenant: 'acme',
        address: '10.100.1.1',
        prefixLength: 16,
        mtu: 1420,
        privateKey: own.privateKey,
        server: {
          publicKey: server.publicKey,
          endpointHost: 'vpn.example.net',
          endpointPort: 51820,
          address: '10.100.0.1',
        },
        persistentKeepaliveSeconds: 1,
        management: { user: 'tenant-tunnel', password: 'p', apiPort: 8728 },
      });
      expect(await router.paste(script)).toContain('does not answer yet');
      const [entry] = router.os.rows('/tool/netwatch');
      expect(entry?.interval).toBe('1m');
      const attributes = { numbers: entry?.['.id'] ?? '', interval: '1s' };
      router.os.execute({ menu: '/tool/netwatch', command: 'set', attributes, user: 'admin' });
      const endpoint = async () => {
        await router.settled();
        return /endpoint: ([\d.]+):/.exec(await router.wgShow())?.[1];
      };
      expect(await endpoint()).toBe(before.address);

      network.hosts.set('vpn.example.net', after.address);
      await serve(after);
      await waitFor('the router is heard at the new address', () => isHeardAt(after));
      expect(await endpoint()).toBe(after.address);
      const peer = () => router.os.rows('/interface/wireguard/peers')[0]?.['endpoint-address'];
      await waitFor('the peer has the name', () => peer() === 'vpn.example.net');

      // While the session lives a name that means something else again moves nobody.
      network.hosts.set('vpn.example.net', before.address);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await endpoint()).toBe(after.address);
    } finally {
      await router.stop();
    }
  },
  90_000,
);
