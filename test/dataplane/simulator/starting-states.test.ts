/**
 * The script on routers in every state, each on another version, with real WireGuard and a real firewall between; the table of all
 * states and versions is made without them (test/unit/routeros/starting-states.test.ts).
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderScript, type ScriptInput } from '../../../src/routeros/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { addWireguardPeer, startWireguardServer } from '../../testbed/wireguard-server.ts';
import { STATES, type StartingState, VERSIONS } from '../../unit/routeros/starting-states.ts';
import { ApiClient } from './api-client.ts';

const server = generateKeyPair();
let network: TestNetwork;
let node: TestNode;

beforeAll(async () => {
  network = await createTestNetwork('states');
  node = await createNode(network, 'server');
  await startWireguardServer(node, server);
}, 60_000);

afterAll(() => network?.destroy());

const CASES: [string, string, StartingState, number][] = STATES.map((state, index) => [
  state.name,
  VERSIONS[index % VERSIONS.length] ?? '',
  state,
  index,
]);

test.each(CASES)(
  '%s, RouterOS %s: the tunnel comes up, and the server logs in',
  async (_, version, state, index) => {
    const own = generateKeyPair();
    const input: ScriptInput = {
      router: { namespace: 'acme', name: `branch-${index}` },
      identity: `branch-${index}`,
      tenant: 'acme',
      address: `10.100.1.${index + 1}`,
      prefixLength: 16,
      mtu: 1420,
      privateKey: own.privateKey,
      server: {
        publicKey: server.publicKey,
        endpointHost: node.address,
        endpointPort: 51820,
        address: '10.100.0.1',
      },
      persistentKeepaliveSeconds: 25,
      management: { user: 'tenant-tunnel', password: 'a password of sixteen', apiPort: 8728 },
    };
    await addWireguardPeer(node, own.publicKey, `${input.address}/32`);
    const router = await SimulatedRouter.start({
      network,
      name: `state-${index}`,
      version,
      defaultFirewall: state.defaultFirewall ?? true,
    });
    try {
      state.before?.(router.os, input, version);
      await router.settled();
      const said = await router.paste(renderScript(input));
      expect(said).toContain(`tenant-tunnel: OK, acme/branch-${index} is set up and the tunnel is up.`);
      const namespace = `/proc/${node.pid}/ns/net`;
      const client = await ApiClient.connect(namespace, input.address, 8728, 5_000);
      const { user, password } = input.management;
      expect(await client.login(user, password)).toEqual([['!done']]);
      client.close();
    } finally {
      await router.stop();
    }
  },
  60_000,
);
