import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  generateKeyPair,
  generatePresharedKey,
  publicKeyOf,
  type TunnelState,
} from '../../../src/wireguard/index.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { Gateway } from './gateway.ts';
import { stateOf } from './tunnel-state.ts';

const peer = (number: number) => ({
  publicKey: generateKeyPair().publicKey,
  allowedIPs: [`10.100.1.${number}/32`, `192.168.${number}.0/24`],
  ...(number % 2 === 0 ? {} : { presharedKey: generatePresharedKey() }),
});

dataplane(`a tunnel that something happened to${leftOut}`, () => {
  let gateway: Gateway;
  const state: TunnelState = stateOf(0, { peers: [1, 2, 3, 4, 5].map(peer) });
  jest.setTimeout(120_000);

  beforeAll(async () => {
    gateway = await Gateway.create();
  });
  afterAll(() => gateway?.destroy());
  afterEach(async () => {
    await gateway.client.remove('wg0');
    expect(await gateway.client.list()).toEqual({ tunnels: [] });
    expect(await gateway.node.exec('ls', ['/run/netns', '/var/run/wireguard'])).not.toContain('wg');
    expect(await gateway.node.exec('ip', ['-o', 'link'])).not.toMatch(/wg\d|tto-/);
    expect(await gateway.node.exec('ss', ['-lunH'])).not.toContain(':51820');
  });

  /** Brings the tunnel to its state, and holds it against what the system's own tools say. */
  async function expectMended(): Promise<string[]> {
    const { changes } = await gateway.client.put(state);
    expect(await gateway.client.put(state)).toEqual({ changes: [] });
    const dump = await gateway.inTunnel('wg0', 'wg', 'show', 'wg0', 'dump');
    const [own, ...peers] = dump
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(own?.slice(1, 3)).toEqual([publicKeyOf(state.privateKey), '51820']);
    const found = peers.map(([key, secret, , networks]) => [
      key,
      secret,
      networks?.split(',').toSorted().join(),
    ]);
    const wanted = state.peers.map(({ publicKey, presharedKey = '(none)', allowedIPs }) => [
      publicKey,
      presharedKey,
      allowedIPs.toSorted().join(),
    ]);
    expect(found.toSorted()).toEqual(wanted.toSorted());
    expect(await gateway.inTunnel('wg0', 'ip', '-4', '-o', 'addr', 'show', 'wg0')).toContain('10.100.0.1/16');
    expect(await gateway.inTunnel('wg0', 'nft', 'list', 'ruleset')).toContain('policy drop');
    expect(await gateway.node.exec('ss', ['-lunH'])).toContain(':51820');
    return changes;
  }

  test('kill -9 at any moment of 20 changes, and the next PUT makes it right', async () => {
    for (let round = 0; round < 20; round += 1) {
      // Forwards and backwards, so that every step is met in the middle sooner or later.
      const change = round % 3 === 2 ? gateway.client.remove('wg0') : gateway.client.put(state);
      change.catch(() => undefined);
      await sleep(Math.random() * 120);
      await gateway.end('SIGKILL');
      await change.catch((error: { code?: string }) => expect(error.code).toBe('Unreachable'));
      await gateway.start();
      await expectMended();
      if (round % 2 === 1) await gateway.client.remove('wg0');
    }
  });

  test('kill -9 during a removal, and the next removal does the rest', async () => {
    for (let round = 0; round < 5; round += 1) {
      await gateway.client.put(state);
      const removal = gateway.client.remove('wg0');
      removal.catch(() => undefined);
      await sleep(round * 8);
      await gateway.end('SIGKILL');
      await gateway.start();
      await gateway.client.remove('wg0');
      expect(await gateway.client.list()).toEqual({ tunnels: [] });
    }
  });

  test('a namespace file with no namespace behind it', async () => {
    await gateway.node.exec('touch', ['/run/netns/tto-wg0']);
    expect(await expectMended()).toContain('made the network namespace');
  });

  test('a namespace file with no namespace behind it is removed as well', async () => {
    await gateway.node.exec('touch', ['/run/netns/tto-wg0']);
    expect((await gateway.client.remove('wg0')).changes).toEqual(['removed the network namespace']);
  });

  test('an interface that was never moved', async () => {
    await gateway.node.exec('wireguard-go', ['wg0']);
    expect(await expectMended()).not.toContain('made the interface');
  });

  test('a namespace without an interface', async () => {
    await gateway.node.exec('ip', ['netns', 'add', 'tto-wg0']);
    expect(await expectMended()).toContain('made the interface');
  });

  test('wireguard-go killed, its socket left behind', async () => {
    await gateway.client.put(state);
    await gateway.node.exec('sh', [
      '-c',
      'kill -9 "$(ss -lxpH src /var/run/wireguard/wg0.sock | sed "s/.*pid=\\([0-9]*\\).*/\\1/")"',
    ]);
    for (;;) {
      // The process is gone when its interface is.
      const links = await gateway.inTunnel('wg0', 'ip', '-o', 'link');
      if (!links.includes('wg0')) break;
    }
    expect(await gateway.node.exec('ls', ['/var/run/wireguard'])).toContain('wg0.sock');
    expect(await expectMended()).toEqual(
      expect.arrayContaining(['ended the WireGuard process', 'made the interface']),
    );
  });

  const harm: [what: string, command: string][] = [
    ['its interface deleted', 'ip link del wg0'],
    ['its interface down', 'ip link set wg0 down'],
    ['its address gone', 'ip addr flush dev wg0'],
    ['another address', 'ip addr add 10.100.0.77/16 dev wg0'],
    ['another MTU', 'ip link set wg0 mtu 1300'],
    ['its rules flushed', 'nft flush ruleset'],
    ['a rule more', 'nft add rule inet tenant_tunnel input accept'],
    ['no forwarding', 'sysctl -qw net.ipv4.ip_forward=0'],
    ['a default route', 'ip route add default dev wg0'],
    ['a route less', 'ip route del 192.168.1.0/24'],
    ['another port', 'wg set wg0 listen-port 51999'],
    ['a strange peer', `wg set wg0 peer ${generateKeyPair().publicKey} allowed-ips 10.100.1.1/32`],
    ['lo down', 'ip link set lo down'],
  ];
  test.each(harm)('%s', async (_, command) => {
    await gateway.client.put(state);
    await gateway.inTunnel('wg0', 'sh', '-c', command);
    expect(await expectMended()).not.toEqual([]);
  });

  test('its namespace deleted by hand: PATCH says that it has to be put, and a PUT does it', async () => {
    await gateway.client.put(state);
    await gateway.node.exec('ip', ['netns', 'del', 'tto-wg0']);
    const change = { set: [peer(9)], remove: [] };
    for (;;) {
      // wireguard-go answers for a moment still.
      const code = await gateway.client.patchPeers('wg0', change).then(
        () => 'done',
        (error: { code?: string }) => error.code,
      );
      if (code === 'UnknownTunnel') break;
      await gateway.end('SIGKILL');
      await gateway.start();
    }
    for (;;) {
      const refused = await gateway.client.put(state).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      );
      if (refused === undefined) break;
      expect(['InterfaceTaken', 'DeviceFailed', 'PortInUse']).toContain(refused);
    }
    await expectMended();
  });

  test("somebody else's interface of that name is left alone", async () => {
    await gateway.node.exec('wireguard-go', ['wg0']);
    const key = generateKeyPair();
    await gateway.node.exec(
      'sh',
      ['-c', 'wg set wg0 listen-port 40000 private-key /dev/stdin <<E\n$(cat)\nE'],
      key.privateKey,
    );
    await expect(gateway.client.put(state)).rejects.toMatchObject({ code: 'InterfaceTaken' });
    await gateway.client.remove('wg0');
    const shown = await gateway.node.exec('wg', ['show', 'wg0']);
    expect(shown).toContain(key.publicKey);
    expect(shown).toContain('listening port: 40000');
    await gateway.node.exec('ip', ['link', 'del', 'wg0']);
    for (;;) {
      if (!(await gateway.node.exec('ls', ['/var/run/wireguard'])).includes('wg0')) break;
    }
  });

  test('a UDP port that is in use is said, and nothing is half-made of it', async () => {
    const hold = "require('dgram').createSocket('udp4').bind(51820, () => console.log('bound'))";
    const holder = gateway.node.spawn(process.execPath, ['-e', hold], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => holder.stdout?.once('data', resolve));
    await expect(gateway.client.put(state)).rejects.toMatchObject({ code: 'PortInUse' });
    expect(await gateway.client.list()).toEqual({ tunnels: [] });
    const closed = new Promise((resolve) => holder.once('close', resolve));
    holder.kill('SIGKILL');
    await closed;
    await expectMended();
  });

  test('two tunnels that want one port: one has it, the other is told', async () => {
    const results = await Promise.allSettled([
      gateway.client.put(state),
      gateway.client.put({ ...state, interfaceName: 'wg1', privateKey: generateKeyPair().privateKey }),
    ]);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(1);
    expect(refused[0]?.reason).toMatchObject({ code: 'PortInUse' });
    await gateway.client.remove('wg1');
  });
});
