import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SimulatedRouter } from '../../simulator/machine/index.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { waitFor } from '../../testbed/wait.ts';
import { startWireguardServer } from '../../testbed/wireguard-server.ts';
import { ApiClient } from './api-client.ts';

interface KeyPair {
  privateKey: string;
  publicKey: string;
}

/** Raw Curve25519 keys are the last 32 bytes of their DER form (RFC 8410). */
function keyPair(): KeyPair {
  const pair = generateKeyPairSync('x25519');
  const raw = (der: Buffer) => der.subarray(-32).toString('base64');
  return {
    privateKey: raw(pair.privateKey.export({ type: 'pkcs8', format: 'der' })),
    publicKey: raw(pair.publicKey.export({ type: 'spki', format: 'der' })),
  };
}

/** A second one is what routers see when something else than the server talks through the tunnel. */
const ADDRESSES = ['10.100.0.1/16', '10.100.0.9/16'];

const PORT_CLOSED_MS = 700;

describe('a simulated router with a real WireGuard', () => {
  const server = keyPair();
  let network: TestNetwork;
  let node: TestNode;
  const routers: SimulatedRouter[] = [];
  const namespace = () => `/proc/${node.pid}/ns/net`;
  const addressOf = (index: number) => `10.100.1.${index + 1}`;

  const execute = (
    router: SimulatedRouter,
    menu: string,
    command: string,
    attributes: Record<string, string>,
  ) => router.os.execute({ menu, command, attributes, user: 'admin' }).ret ?? '';

  /** What a careful person would type, but for the firewall. */
  const join = async (router: SimulatedRouter, index: number, endpoint: string) => {
    const keys = keyPair();
    // One router of the two also shares a secret with the server.
    const presharedKey = index === 0 ? '' : randomBytes(32).toString('base64');
    execute(router, '/interface/wireguard', 'add', {
      name: 'tenant tunnel "é"',
      'private-key': keys.privateKey,
    });
    execute(router, '/interface/wireguard/peers', 'add', {
      interface: 'tenant tunnel "é"',
      'public-key': server.publicKey,
      'endpoint-address': endpoint,
      'endpoint-port': '51820',
      'allowed-address': '10.100.0.0/16',
      'persistent-keepalive': '1s',
      ...(presharedKey === '' ? {} : { 'preshared-key': presharedKey }),
    });
    execute(router, '/ip/address', 'add', {
      address: `${addressOf(index)}/16`,
      interface: 'tenant tunnel "é"',
    });
    const secret = presharedKey === '' ? [] : ['preshared-key', '/dev/stdin'];
    const peer = ['peer', keys.publicKey, 'allowed-ips', `${addressOf(index)}/32`, ...secret];
    await node.exec('wg', ['set', 'wg0', ...peer], presharedKey);
    await router.settled();
  };

  const pingFromServer = async (index: number, source = '10.100.0.1'): Promise<boolean> =>
    node.exec('ping', ['-n', '-c', '1', '-W', '1', '-I', source, addressOf(index)]).then(
      () => true,
      () => false,
    );

  const open = async (index: number, { port = 8728, source = '' } = {}): Promise<'open' | 'dropped'> => {
    if (source !== '')
      await node.exec('ip', ['route', 'replace', `${addressOf(index)}/32`, 'dev', 'wg0', 'src', source]);
    try {
      (await ApiClient.connect(namespace(), addressOf(index), port, PORT_CLOSED_MS)).close();
      return 'open';
    } catch {
      return 'dropped';
    } finally {
      if (source !== '') await node.exec('ip', ['route', 'del', `${addressOf(index)}/32`, 'dev', 'wg0']);
    }
  };

  const handshakeAfter = (router: SimulatedRouter, moment: Date) =>
    waitFor(
      `a handshake of ${router.name}`,
      async () => ((await router.lastHandshake()) ?? new Date(0)) > moment,
    );

  const acceptBeforeDrop = (router: SimulatedRouter, match: Record<string, string>): string => {
    const drop = router.os
      .rows('/ip/firewall/filter')
      .find((row) => row.chain === 'input' && row.action === 'drop');
    return execute(router, '/ip/firewall/filter', 'add', {
      chain: 'input',
      action: 'accept',
      'in-interface': 'tenant tunnel "é"',
      'src-address': '10.100.0.1',
      protocol: 'tcp',
      'dst-port': '8728',
      ...(drop === undefined ? {} : { 'place-before': drop['.id'] ?? '' }),
      ...match,
    });
  };

  beforeAll(async () => {
    network = await createTestNetwork('wireguard');
    node = await createNode(network, 'server');
    await startWireguardServer(node, { ...server, addresses: ADDRESSES });
    network.hosts.set('vpn.example.net', node.address);
    for (const index of [0, 1]) {
      const router = await SimulatedRouter.start({
        network,
        name: `router-${index}`,
        version: index === 0 ? '7.24' : '7.16.2',
        adminPassword: 'secret',
      });
      routers.push(router);
      await join(router, index, index === 0 ? node.address : 'vpn.example.net');
    }
  }, 60_000);

  afterAll(() => network?.destroy());

  const router = (index: number): SimulatedRouter => {
    const found = routers[index];
    if (found === undefined) throw new Error(`no router ${index}`);
    return found;
  };

  test('shakes hands from behind NAT: endpoint by address or by name, with a pre-shared key or without', async () => {
    for (const each of routers) await handshakeAfter(each, new Date(0));
    await waitFor('pings', async () => (await pingFromServer(0)) && (await pingFromServer(1)));
    const endpoints = await node.exec('wg', ['show', 'wg0', 'endpoints']);
    for (const each of routers) expect(endpoints).toContain(`${each.publicAddress}:`);
  }, 60_000);

  test('pings the server through the tunnel', async () => {
    expect(await router(0).ping('10.100.0.1', { count: 3 })).toEqual({ sent: 3, received: 3 });
  });

  test('shows the handshake, the traffic and the current endpoint in its own menus', async () => {
    const client = await ApiClient.connect(`/run/netns/${router(0).netns}`, '127.0.0.1');
    await client.login('admin', 'secret');
    const words = (await client.ask('/interface/wireguard/peers/print')).flat();
    client.close();
    const value = (key: string) =>
      words.find((word) => word.startsWith(`=${key}=`))?.slice(key.length + 2) ?? '';
    expect(value('last-handshake')).toMatch(/^(\d+m)?\d+s$/);
    expect(Number(value('rx'))).toBeGreaterThan(0);
    expect(value('current-endpoint-address')).toBe(node.address);
    expect(await router(0).wgShow()).toContain('interface: tenant tunnel "é"');
  });

  test('drops the API by its default firewall, which lets pings through', async () => {
    expect(await pingFromServer(0)).toBe(true);
    expect(await open(0)).toBe('dropped');
  });

  test('drops it still when the accept rule stands behind the drop', async () => {
    const id = acceptBeforeDrop(router(0), {});
    execute(router(0), '/ip/firewall/filter', 'move', { numbers: id });
    await router(0).settled();
    expect(await open(0)).toBe('dropped');
    execute(router(0), '/ip/firewall/filter', 'remove', { numbers: id });
    await router(0).settled();
  });

  test('opens it to the address of the accept rule and to no other, and to no other port', async () => {
    for (const [index, each] of routers.entries()) {
      acceptBeforeDrop(each, {});
      await each.settled();
      expect(await open(index)).toBe('open');
      expect(await open(index, { source: '10.100.0.9' })).toBe('dropped');
      expect(await open(index, { port: 8291 })).toBe('dropped');
    }
  });

  test('ignores a rule that is disabled', async () => {
    const rule = router(1)
      .os.rows('/ip/firewall/filter')
      .find((row) => row['dst-port'] === '8728');
    execute(router(1), '/ip/firewall/filter', 'disable', { numbers: rule?.['.id'] ?? '' });
    await router(1).settled();
    expect(await open(1)).toBe('dropped');
    execute(router(1), '/ip/firewall/filter', 'enable', { numbers: rule?.['.id'] ?? '' });
    await router(1).settled();
    expect(await open(1)).toBe('open');
  });

  test("closes on a client that the service's address does not name, after the connection opened", async () => {
    for (const [index, each] of routers.entries()) {
      const property = index === 0 ? 'available-from' : 'address';
      execute(each, '/ip/service', 'set', { numbers: 'api', [property]: '10.99.0.0/24,10.100.0.9/32' });
      await each.settled();
      const refused = await ApiClient.connect(namespace(), addressOf(index));
      expect(await refused.login('admin', 'secret')).toEqual([]);
      execute(each, '/ip/service', 'set', { numbers: 'api', [property]: '10.100.0.1/32' });
      await each.settled();
      const welcome = await ApiClient.connect(namespace(), addressOf(index));
      expect(await welcome.login('admin', 'secret')).toEqual([['!done']]);
      welcome.close();
    }
  });

  test('changes a live tunnel without a new handshake', async () => {
    const before = await router(0).lastHandshake();
    const [peer] = router(0).os.rows('/interface/wireguard/peers');
    execute(router(0), '/interface/wireguard/peers', 'set', {
      numbers: peer?.['.id'] ?? '',
      'allowed-address': '10.100.0.0/16,10.200.0.0/24',
      comment: 'changed',
    });
    await router(0).settled();
    expect(await router(0).wgShow()).toContain('10.200.0.0/24');
    expect(await pingFromServer(0)).toBe(true);
    expect(await router(0).lastHandshake()).toEqual(before);
  });

  test('is gone without power and comes back with its configuration', async () => {
    const client = await ApiClient.connect(namespace(), addressOf(0));
    await client.login('admin', 'secret');
    await router(0).powerOff();
    expect(await pingFromServer(0)).toBe(false);
    const moment = new Date();
    await router(0).powerOn();
    await handshakeAfter(router(0), moment);
    await waitFor('a ping', () => pingFromServer(0));
    expect(await open(0)).toBe('open');
    client.close();
  }, 60_000);

  test('comes back behind another public address without a new configuration', async () => {
    const old = router(1).publicAddress;
    const moved = await router(1).moveTo();
    expect(moved).not.toBe(old);
    await waitFor('a ping', () => pingFromServer(1));
    expect(await node.exec('wg', ['show', 'wg0', 'endpoints'])).toContain(`${moved}:`);
  }, 60_000);

  test('loses packets, takes its time and is cut off as its link is told to', async () => {
    await router(1).setLink({ up: false });
    expect(await pingFromServer(1)).toBe(false);
    await router(1).setLink({ lossPercent: 100 });
    expect(await pingFromServer(1)).toBe(false);
    await router(1).setLink({ delayMs: 60 });
    await waitFor('a ping', () => pingFromServer(1));
    const said = await node.exec('ping', ['-n', '-c', '2', '-W', '3', addressOf(1)]);
    expect(Number(/= ([\d.]+)\//.exec(said)?.[1])).toBeGreaterThanOrEqual(120);
    await router(1).setLink({ lossPercent: 30 });
    const lossy = await node.exec('ping', ['-n', '-q', '-c', '100', '-i', '0.01', '-W', '1', addressOf(1)]);
    const received = Number(/(\d+) received/.exec(lossy)?.[1]);
    expect(received).toBeGreaterThan(10);
    expect(received).toBeLessThan(90);
    await router(1).setLink({});
    await waitFor('a ping', () => pingFromServer(1));
  }, 60_000);

  test('says loudly which rule it cannot make real', async () => {
    const id = acceptBeforeDrop(router(1), { limit: '5,5:packet' });
    await expect(router(1).settled()).rejects.toThrow(/cannot make real .* limit=5,5:packet is not modelled/);
    execute(router(1), '/ip/firewall/filter', 'remove', { numbers: id });
    await router(1).settled();
  });

  test('takes a tunnel away when the interface is removed', async () => {
    const [tunnel] = router(1).os.rows('/interface/wireguard');
    execute(router(1), '/interface/wireguard', 'remove', { numbers: tunnel?.['.id'] ?? '' });
    await router(1).settled();
    expect(await router(1).wgShow()).toBe('');
    expect(await pingFromServer(1)).toBe(false);
  });
});
