import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { jest } from '@jest/globals';
import {
  generateKeyPair,
  generatePresharedKey,
  type PeerObservation,
  publicKeyOf,
  type TunnelState,
} from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { Router } from './router.ts';
import { stateOf } from './tunnel-state.ts';

const serverOf = ({ privateKey, listenPort }: TunnelState) => ({
  publicKey: publicKeyOf(privateKey),
  listenPort,
});

const stranger = (number: number) => ({
  publicKey: generateKeyPair().publicKey,
  allowedIPs: [`10.100.${2 + Math.floor(number / 250)}.${1 + (number % 250)}/32`],
});

dataplane(`tunnels on real WireGuard${leftOut}`, () => {
  let gateway: Gateway;
  let a: Router;
  let b: Router;
  jest.setTimeout(120_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
    a = await Router.create(gateway, 'router-a', '10.100.1.1');
    b = await Router.create(gateway, 'router-b', '10.100.1.2');
  });
  afterAll(() => gateway?.destroy());
  afterEach(async () => {
    for (const { interfaceName } of (await gateway.client.list()).tunnels)
      await gateway.client.remove(interfaceName);
  });

  test('a tunnel is made, used, seen and removed', async () => {
    const presharedKey = generatePresharedKey();
    const state = stateOf(0, { peers: [a.peer, { ...b.peer, presharedKey }] });
    expect((await gateway.client.put(state)).changes).toContain('made the network namespace');
    await a.join(serverOf(state));
    await a.awaitReach('10.100.0.1');

    const seen: PeerObservation[] = [];
    for await (const peer of gateway.client.observe('wg0')) seen.push(peer);
    expect(seen).toHaveLength(2);
    const now = seen.find(({ publicKey }) => publicKey === a.keys.publicKey);
    expect(now?.endpoint).toMatch(new RegExp(`^${a.node.address}:\\d+$`));
    expect(now?.lastHandshake).toBeGreaterThan(1_700_000_000);
    expect(now?.rx).toBeGreaterThan(0);
    const recent: string[] = [];
    for await (const { publicKey } of gateway.client.observe('wg0', { since: now?.lastHandshake ?? 0 })) {
      recent.push(publicKey);
    }
    expect(recent).toEqual([a.keys.publicKey]);

    const shown = await gateway.client.show('wg0');
    expect(shown).toContain('policy drop');
    expect(shown).toContain(`peer: ${a.keys.publicKey}`);
    expect(shown).toContain('inet 10.100.0.1/16');
    for (const secret of [state.privateKey, presharedKey]) {
      expect(shown).not.toContain(secret);
      expect(gateway.log).not.toContain(secret);
    }
    expect(await gateway.client.list()).toEqual({
      tunnels: [{ interfaceName: 'wg0', listenPort: 51_820, peers: 2 }],
    });

    expect((await gateway.client.remove('wg0')).changes).toContain('removed the network namespace');
    expect(await gateway.client.list()).toEqual({ tunnels: [] });
    expect(await gateway.node.exec('ls', ['/run/netns', '/var/run/wireguard'])).not.toContain('wg0');
    expect(await gateway.client.remove('wg0')).toEqual({ changes: [] });
    expect(await a.reaches('10.100.0.1')).toBe(false);
  });

  test('a second PUT of the same has nothing to change, also from a new sidecar', async () => {
    const peers = [{ ...a.peer, allowedIPs: [...a.peer.allowedIPs, '192.168.88.0/24'] }, b.peer];
    const state = stateOf(0, { peers, addresses: ['10.100.0.1/16', '10.200.0.1/24'] });
    await gateway.client.put(state);
    expect(await gateway.client.put({ ...state, peers: peers.toReversed() })).toEqual({ changes: [] });
    await gateway.end('SIGKILL');
    await gateway.start();
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
  });

  test('a router loses no packet while other peers are added, changed and removed 200 times', async () => {
    const state = stateOf(0, { peers: [a.peer] });
    await gateway.client.put(state);
    await a.join(serverOf(state));
    await a.awaitReach('10.100.0.1');
    const ping = a.pinging('10.100.0.1');
    const others = Array.from({ length: 10 }, (_, number) => stranger(number));
    for (let round = 0; round < 200; round += 1) {
      const other = others[round % 10] ?? stranger(0);
      if (round % 4 === 0) await gateway.client.patchPeers('wg0', { set: [other], remove: [] });
      else if (round % 4 === 1) {
        const set = [{ ...other, allowedIPs: [`10.100.9.${round}/32`, `172.16.${round}.0/24`] }];
        await gateway.client.patchPeers('wg0', { set, remove: [] });
      } else if (round % 4 === 2)
        await gateway.client.patchPeers('wg0', { set: [], remove: [other.publicKey] });
      else await gateway.client.put({ ...state, peers: [a.peer, ...others.slice(0, round % 10)] });
    }
    const { received, lost } = await ping.stop();
    expect(lost).toEqual([]);
    expect(received).toBeGreaterThan(20);
  });

  test('what was set with PATCH is what a PUT of the sum finds', async () => {
    const state = stateOf(0, { peers: [a.peer] });
    await gateway.client.put(state);
    const moved = { ...b.peer, allowedIPs: ['10.100.1.2/32', '192.168.5.0/24'] };
    await gateway.client.patchPeers('wg0', {
      set: [{ ...a.peer, allowedIPs: ['10.100.1.1/32', '192.168.5.0/24'] }],
      remove: [],
    });
    expect(await gateway.inTunnel('wg0', 'ip', 'route')).toContain('192.168.5.0/24 dev wg0');
    await gateway.client.patchPeers('wg0', { set: [moved, a.peer], remove: [] });
    expect(await gateway.client.put({ ...state, peers: [a.peer, moved] })).toEqual({ changes: [] });
    await gateway.client.patchPeers('wg0', { set: [], remove: [b.keys.publicKey] });
    expect(await gateway.inTunnel('wg0', 'ip', 'route')).not.toContain('192.168.5.0/24');
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
    expect(await gateway.client.patchPeers('wg0', { set: [a.peer], remove: [b.keys.publicKey] })).toEqual({
      changes: [],
    });
  });

  test('address, MTU, port and private key are changed in place', async () => {
    const state = stateOf(0, { peers: [a.peer] });
    await gateway.client.put(state);
    const other = {
      ...stateOf(0),
      peers: state.peers,
      addresses: ['10.100.0.2/16'],
      mtu: 1380,
      listenPort: 51_900,
    };
    const { changes } = await gateway.client.put(other);
    expect(changes.join()).not.toMatch(/made|removed the interface|ended/);
    await a.join(serverOf(other));
    await a.awaitReach('10.100.0.2');
    expect(await a.reaches('10.100.0.1', 1)).toBe(false);
    expect(await gateway.client.put(other)).toEqual({ changes: [] });
  });

  test('routers of one tunnel reach each other and nothing beyond; those of two tunnels with one subnet never', async () => {
    const first = stateOf(0, { peers: [a.peer] });
    const second = stateOf(1, { peers: [b.peer] });
    await Promise.all([gateway.client.put(first), gateway.client.put(second)]);
    await a.join(serverOf(first));
    await b.join(serverOf(second));
    await Promise.all([a.awaitReach('10.100.0.1'), b.awaitReach('10.100.0.1')]);
    expect(await a.reaches(b.address)).toBe(false);
    expect(await b.reaches(a.address)).toBe(false);
    // Another host of the internet, which the node would route to.
    const { address } = b.node;
    expect(await a.reaches(address)).toBe(true);
    await a.node.exec('ip', ['route', 'add', `${address}/32`, 'dev', 'rt0']);
    expect(await a.reaches(address)).toBe(false);
    await a.node.exec('ip', ['route', 'del', `${address}/32`, 'dev', 'rt0']);

    await gateway.client.put({ ...second, peers: [] });
    await gateway.client.patchPeers('wg0', { set: [b.peer], remove: [] });
    await b.join(serverOf(first));
    await b.awaitReach('10.100.0.1');
    await a.awaitReach(b.address);
  });

  test('the server answers pings in the tunnel and nothing else', async () => {
    const state = stateOf(0, { peers: [a.peer] });
    await gateway.client.put(state);
    await a.join(serverOf(state));
    await a.awaitReach('10.100.0.1');
    const listen = "require('net').createServer().listen(9999, '10.100.0.1', () => console.log('listening'))";
    const [command, ...args] = ['nsenter', '--net=/run/netns/tto-wg0', process.execPath, '-e', listen];
    const server = gateway.node.spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout as NodeJS.ReadableStream, 'data');
    const dial =
      "require('net').connect(9999, '10.100.0.1').on('connect', () => process.exit(0)); setTimeout(() => process.exit(1), 1500)";
    await expect(a.node.exec(process.execPath, ['-e', dial])).rejects.toThrow(/exit code 1/);
    server.kill('SIGKILL');
  });

  test('the socket is for its group alone, and a second sidecar does not start on it', async () => {
    expect(statSync(gateway.socketPath).mode & 0o777).toBe(0o660);
    const second = gateway.launch();
    const [code] = await once(second, 'close');
    expect(code).not.toBe(0);
    expect(gateway.log).toContain('AlreadyRunning');
    expect(await gateway.client.version()).toEqual({
      protocol: 1,
      state: 'active',
      implementation: expect.any(String),
      problem: null,
      lost: 0,
    });
  });

  test('SIGTERM ends the sidecar within 5 s, and the tunnel works on', async () => {
    const state = stateOf(0, { peers: [a.peer] });
    await gateway.client.put(state);
    await a.join(serverOf(state));
    await a.awaitReach('10.100.0.1');
    const ping = a.pinging('10.100.0.1');
    const begun = performance.now();
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(await a.reaches('10.100.0.1')).toBe(true);
    await gateway.start();
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
    expect((await ping.stop()).lost).toEqual([]);
  });

  test('1,000 peers in one PUT and one more with PATCH', async () => {
    const state = stateOf(0, { peers: Array.from({ length: 1000 }, (_, number) => stranger(number)) });
    const timed = async (what: string, action: () => Promise<unknown>): Promise<void> => {
      const begun = performance.now();
      await action();
      process.stdout.write(`  ${what}: ${(performance.now() - begun).toFixed(1)} ms\n`);
    };
    await timed('PUT of 1,000 peers and their tunnel', () => gateway.client.put(state));
    await timed('PUT of the same', () => gateway.client.put(state));
    await timed('PATCH of one more', () => gateway.client.patchPeers('wg0', { set: [a.peer], remove: [] }));
    expect((await gateway.client.list()).tunnels[0]?.peers).toBe(1001);
  });

  test('readers and writers that go away in the middle harm nobody', async () => {
    const peers = Array.from({ length: 5000 }, (_, number) => stranger(number));
    const state = stateOf(0, { peers });
    await gateway.client.put(state);
    for (let round = 0; round < 20; round += 1) {
      for await (const _ of gateway.client.observe('wg0')) break;
      const socket = createConnection(gateway.socketPath);
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      const body = JSON.stringify(state);
      const head = `PUT /v1/tunnels/wg0 HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
      socket.write(head + body.slice(0, body.length - round * 100), () => socket.destroy());
      await once(socket, 'close');
    }
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
  });
});
