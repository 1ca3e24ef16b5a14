import { Cluster, type GatewayNode, until } from './harness.ts';

let cluster: Cluster;
let node: GatewayNode;

beforeAll(async () => {
  cluster = await Cluster.start();
}, 900_000);
afterAll(() => cluster?.stop(), 60_000);
beforeEach(() => {
  node = cluster.node();
});
afterEach(() => node.stopAgent());

const keys = (...members: { peer: { publicKey: string } }[]) =>
  members.map(({ peer }) => peer.publicKey).sort();

describe('an agent brings the node to what was handed over', () => {
  test('makes the interface with its peers and says so', async () => {
    const tunnel = await node.tunnel();
    const a = await tunnel.addRouter();
    const b = await tunnel.addRouter();
    b.access.presharedKey = tunnel.keys.publicKey;
    await tunnel.writeAll();
    await node.startAgent();
    await until(
      'Programmed',
      async () => (await tunnel.condition('tunnel', 'Programmed'))?.status === 'True',
    );
    const made = node.sidecar.interfaces.get(tunnel.interfaceName);
    expect(made?.state.privateKey).toBe(tunnel.keys.privateKey);
    expect(made?.state.addresses).toEqual([expect.stringMatching(/^10\.\d+\.0\.1\/16$/)]);
    expect(node.sidecar.keysOf(tunnel.interfaceName)).toEqual(keys(a, b));
    expect(made?.peers.get(b.peer.publicKey)?.presharedKey).toBe(tunnel.keys.publicKey);
    expect((await tunnel.status()).routers).toEqual({ total: 2, connected: 0, online: 0 });
    expect(node.waitingFor()).toEqual([]);
  });

  test('gives the sidecar only the peer that was added, and only the one that was taken away', async () => {
    const tunnel = await node.tunnel();
    const a = await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    node.sidecar.calls.length = 0;
    const b = await tunnel.addRouter();
    await tunnel.writeBlock();
    await until('the second peer', () => node.sidecar.keysOf(tunnel.interfaceName).length === 2);
    await tunnel.writeBlock([b]);
    await until('one peer again', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    const on = tunnel.interfaceName;
    expect(node.sidecar.calls).toEqual([
      { on, patch: { set: [expect.objectContaining({ publicKey: b.peer.publicKey })], remove: [] } },
      { on, patch: { set: [], remove: [a.peer.publicKey] } },
    ]);
  });

  test('takes no peer away while a block that is listed is not there, and says so', async () => {
    const tunnel = await node.tunnel();
    const a = await tunnel.addRouter();
    const b = await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 2);
    await tunnel.writeTunnel({ blocks: [1, 2] });
    await until(
      'a problem',
      async () => (await tunnel.condition('tunnel', 'Programmed'))?.status === 'False',
    );
    expect((await tunnel.condition('tunnel', 'Programmed'))?.message).toMatch(
      /ConfigMap tunnel-\d+-peers-2 is missing/,
    );
    await tunnel.writeBlock([b]);
    await node.readings(5);
    expect(node.sidecar.keysOf(tunnel.interfaceName)).toEqual(keys(a, b));
    await tunnel.writeBlock([], 2);
    await until('the peer gone', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    await until(
      'Programmed',
      async () => (await tunnel.condition('tunnel', 'Programmed'))?.status === 'True',
    );
  });

  test('leaves an interface alone whose private key is not the one that its routers know', async () => {
    const tunnel = await node.tunnel();
    const other = await node.tunnel();
    await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    await tunnel.writeKey(other.keys.privateKey);
    await until(
      'a problem',
      async () => (await tunnel.condition('tunnel', 'Programmed'))?.status === 'False',
    );
    const condition = await tunnel.condition('tunnel', 'Programmed');
    expect(condition?.message).toContain('does not belong to the public key');
    expect(condition?.message).not.toContain(other.keys.privateKey);
    expect(node.sidecar.interfaces.get(tunnel.interfaceName)?.state.privateKey).toBe(tunnel.keys.privateKey);
    await tunnel.writeKey(tunnel.keys.privateKey);
    await until(
      'Programmed',
      async () => (await tunnel.condition('tunnel', 'Programmed'))?.status === 'True',
    );
  });

  test('says what the node refused, and goes on with the other tunnels', async () => {
    const [bad, good] = [await node.tunnel(), await node.tunnel()];
    await bad.addRouter();
    await good.addRouter();
    await good.writeAll();
    await node.startAgent();
    await until('the good one', () => node.sidecar.interfaces.has(good.interfaceName));
    const listenPort = node.sidecar.interfaces.get(good.interfaceName)?.state.listenPort ?? 0;
    await bad.writeAll();
    await bad.writeTunnel({ listenPort });
    await until('a problem', async () => (await bad.condition('tunnel', 'Programmed'))?.status === 'False');
    expect(await bad.condition('tunnel', 'Programmed')).toMatchObject({ reason: 'ProgrammingFailed' });
    expect((await good.condition('tunnel', 'Programmed'))?.status).toBe('True');
  });
});

describe('an agent removes what should no longer be there', () => {
  test('an interface that nothing wants is removed once all lists are complete, others stay', async () => {
    const tunnel = await node.tunnel();
    await tunnel.addRouter();
    await tunnel.writeAll();
    await node.sidecar.put({
      interfaceName: 'wg999',
      privateKey: tunnel.keys.privateKey,
      listenPort: 1,
      addresses: [],
      mtu: 1420,
      peers: [],
    });
    await node.startAgent();
    await until('the orphan gone', () => !node.sidecar.interfaces.has('wg999'));
    await until('its own', () => node.sidecar.interfaces.has(tunnel.interfaceName));
  });

  test('nothing is removed while the API server cannot be reached', async () => {
    const tunnel = await node.tunnel();
    await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('the interface', () => node.sidecar.interfaces.has(tunnel.interfaceName));
    await cluster.plane.stopApiServer();
    await node.stopAgent();
    await node.startAgent();
    await until('it knows that it waits', () =>
      node.waitingFor().some((what) => what.includes('configmaps')),
    );
    expect(node.sidecar.calls.filter((call) => 'remove' in call)).toEqual([]);
    await cluster.plane.startApiServer();
    await until('all well', () => node.waitingFor().length === 0);
    const b = await tunnel.addRouter();
    await tunnel.writeBlock();
    await until('the new peer', () => node.sidecar.keysOf(tunnel.interfaceName).includes(b.peer.publicKey));
    expect(node.sidecar.calls.filter((call) => 'remove' in call)).toEqual([]);
  }, 120_000);

  test('a tunnel whose objects are deleted goes from the node', async () => {
    const [going, staying] = [await node.tunnel(), await node.tunnel()];
    for (const tunnel of [going, staying]) {
      await tunnel.addRouter();
      await tunnel.writeAll();
    }
    await node.startAgent();
    await until('both', () => node.sidecar.interfaces.size === 2);
    await going.removeAll();
    await until('one', () => node.sidecar.interfaces.size === 1);
    expect([...node.sidecar.interfaces.keys()]).toEqual([staying.interfaceName]);
    expect(await node.registry.metrics()).toContain('tto_gateway_tunnels 1');
  });
});

describe('an agent and a sidecar that comes and goes', () => {
  test('a sidecar that lost everything gets everything again', async () => {
    const tunnel = await node.tunnel();
    const a = await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    node.sidecar.loseAll();
    await until('the interface again', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    expect(node.sidecar.keysOf(tunnel.interfaceName)).toEqual(keys(a));
  });

  test('while it is down the agent says what it waits for, sends no heartbeat, and catches up', async () => {
    node.sidecar.down = true;
    const tunnel = await node.tunnel();
    await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent();
    await until('it says so', () => node.waitingFor().some((what) => what.startsWith('the sidecar: ')));
    await until('it has tried', () => !node.waitingFor().some((what) => what.includes('to be set up')));
    expect(await node.lease()).toBeUndefined();
    node.sidecar.down = false;
    await until('all well', () => node.waitingFor().length === 0);
    await until('a heartbeat', async () => (await node.lease())?.renewTime !== undefined);
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
  });

  test('changes made by hand on the node are mended', async () => {
    const tunnel = await node.tunnel();
    const a = await tunnel.addRouter();
    await tunnel.writeAll();
    await node.startAgent({ resyncMs: 1_000 });
    await until('the interface', () => node.sidecar.keysOf(tunnel.interfaceName).length === 1);
    node.sidecar.interfaces.get(tunnel.interfaceName)?.peers.clear();
    await until('the peer again', () => node.sidecar.keysOf(tunnel.interfaceName).includes(a.peer.publicKey));
  });
});
