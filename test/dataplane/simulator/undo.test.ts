/**
 * A change that cuts a router off is undone by the router itself, over real WireGuard and through a real firewall, in real time.
 * Every way to be cut off, and every moment, is tried without them (test/unit/routeros/undo).
 */
import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Change,
  RouterOsApi,
  renderScript,
  type ScriptInput,
  underUndo,
} from '../../../src/routeros/index.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { unconnectedSocket } from '../../testbed/setns.ts';
import { waitFor } from '../../testbed/wait.ts';
import { addWireguardPeer, startWireguardServer } from '../../testbed/wireguard-server.ts';

const server = generateKeyPair();
const MANAGEMENT = { user: 'tenant-tunnel', password: 'p', apiPort: 8728 };
const FILTER = '/ip/firewall/filter';
const MARK = 'tenant-tunnel profile guard/drop';
const WITHIN_MS = 180_000;
let network: TestNetwork;
let node: TestNode;

beforeAll(async () => {
  network = await createTestNetwork('undo');
  node = await createNode(network, 'server');
  await startWireguardServer(node, server);
}, 60_000);

afterAll(() => network?.destroy());

/** A router that has taken its script. */
async function provision(name: string, version: string, address: string): Promise<SimulatedRouter> {
  const own = generateKeyPair();
  await addWireguardPeer(node, own.publicKey, `${address}/32`);
  const router = await SimulatedRouter.start({ network, name, version });
  const input: ScriptInput = {
    router: { namespace: 'acme', name },
    identity: name,
    tenant: 'acme',
    address,
    prefixLength: 16,
    mtu: 1420,
    privateKey: own.privateKey,
    server: {
      publicKey: server.publicKey,
      endpointHost: node.address,
      endpointPort: 51820,
      address: '10.100.0.1',
    },
    persistentKeepaliveSeconds: 1,
    management: MANAGEMENT,
  };
  await router.paste(renderScript(input));
  return router;
}

/** A session out of the tunnel. */
async function connect(address: string, signal: AbortSignal): Promise<RouterOsApi> {
  const socket = new Socket({ fd: unconnectedSocket(`/proc/${node.pid}/ns/net`) });
  await new Promise<void>((resolve, reject) => {
    const gone = (): void => {
      socket.destroy();
      reject(new Error('it does not connect in time'));
    };
    signal.addEventListener('abort', gone, { once: true });
    socket.once('error', reject);
    socket.connect(MANAGEMENT.apiPort, address, () => {
      signal.removeEventListener('abort', gone);
      resolve();
    });
  });
  const api = new RouterOsApi(socket, { commandTimeoutMs: 3_000 });
  await api.login(MANAGEMENT.user, MANAGEMENT.password);
  return api;
}

const soon = (): AbortSignal => AbortSignal.timeout(3_000);

function drop(router: SimulatedRouter): Change {
  const first = router.os.rows(FILTER).find(({ dynamic }) => dynamic !== 'true')?.['.id'] ?? '';
  const values = { chain: 'input', action: 'drop', comment: MARK };
  return { kind: 'add', path: FILTER, values, mark: { comment: MARK }, before: first };
}

/** Cut off by its own firewall, and then `strike`. */
async function backByItself(
  version: string,
  address: string,
  strike: (router: SimulatedRouter) => Promise<void>,
): Promise<void> {
  const router = await provision(`u${address.split('.').at(-1)}`, version, address);
  try {
    // A router that has just started cannot tell a restart by its uptime, and takes longer.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const api = await connect(address, soon());
    const before = router.os.snapshot()[FILTER];
    const began = Date.now();
    const outcome = await underUndo({
      api,
      openAnother: (signal) => connect(address, signal),
      changes: [drop(router)],
      signal: new AbortController().signal,
      limits: { commandMs: 3_000, changeMs: 8_000, proofMs: 3_000, putBackMs: 3_000 },
    });
    api.close();
    expect(outcome.state).toBe('Undoing');
    await expect(connect(address, soon())).rejects.toThrow();
    expect(router.os.rows(FILTER).some(({ comment }) => comment === MARK)).toBe(true);
    await strike(router);
    const isBack = (): Promise<boolean> =>
      connect(address, soon()).then(
        (again) => {
          again.close();
          return true;
        },
        () => false,
      );
    await waitFor('the router lets the server in again', isBack, WITHIN_MS);
    expect(Date.now() - began).toBeLessThan(WITHIN_MS);
    expect(router.os.snapshot()[FILTER]).toEqual(before);
  } finally {
    await router.stop();
  }
}

// At once, since they wait most of the time.
test('a router that drops all that comes in is back by itself, also when it loses power meanwhile', async () => {
  await Promise.all([
    backByItself('7.9.2', '10.100.1.1', async () => {}),
    backByItself('7.16.2', '10.100.1.2', (router) => router.reboot()),
    backByItself('7.24', '10.100.1.3', async () => {}),
  ]);
}, 300_000);
