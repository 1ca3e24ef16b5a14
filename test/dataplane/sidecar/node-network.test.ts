import { jest } from '@jest/globals';
import { generateKeyPair, publicKeyOf, type TunnelState } from '../../../src/wireguard/index.ts';
import { runInside } from '../../testbed/namespaces.ts';
import { dataplane, leftOut } from './dataplane.ts';
import { NODE_PROC, type Pod } from './pod.ts';
import { Router } from './router.ts';
import { Site } from './site.ts';
import { stateOf } from './tunnel-state.ts';

const HEALTH = 9821;

/** Runs a program with all capabilities but one. */
const without = (capability: string): string[] => [
  'setpriv',
  `--bounding-set=-${capability}`,
  `--inh-caps=-${capability}`,
];

dataplane(`a sidecar in a pod of the node${leftOut}`, () => {
  let site: Site;
  const state: TunnelState = stateOf(0);
  jest.setTimeout(60_000);

  beforeAll(async () => {
    site = await Site.create();
  });
  afterEach(() => site.clear());
  afterAll(() => site?.destroy());

  test("makes tunnels in the node's network, and answers in its own what it had opened before", async () => {
    const router = await Router.create(site, 'router', '10.100.1.1');
    const pod = await site.start({ health: HEALTH });
    await pod.client.put({ ...state, peers: [router.peer] });
    const { netns } = pod.host;
    const sockets = ['-lunH'];
    expect(await site.node.exec('ss', sockets)).toContain(':51820');
    expect(await runInside(netns, 'ss', sockets)).not.toContain(':51820');
    expect(await runInside(netns, 'ip', ['-o', 'link'])).not.toMatch(/wg\d|tto-/);
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');

    const ask = (address: string): string[] => [
      '-e',
      `fetch('http://${address}:${HEALTH}').then((reply) => reply.text()).then((text) => process.stdout.write(text), (error) => process.stdout.write(error.cause.code))`,
    ];
    expect(await runInside(netns, process.execPath, ask('127.0.0.1'))).toBe('well\n');
    expect(await site.node.exec(process.execPath, ask(pod.host.address))).toBe('well\n');
    expect(await site.node.exec(process.execPath, ask('127.0.0.1'))).toBe('ECONNREFUSED');
    expect(await pod.client.put({ ...state, peers: [router.peer] })).toEqual({ changes: [] });
  });

  test('connects into a tunnel, and comes back to the node each time', async () => {
    const router = await Router.create(site, 'listener', '10.100.1.1');
    const pod = await site.start();
    await pod.client.put({ ...state, peers: [router.peer] });
    await router.join({ publicKey: publicKeyOf(state.privateKey), listenPort: state.listenPort });
    await router.awaitReach('10.100.0.1');
    for (let round = 0; round < 20; round += 1) {
      await expect(pod.client.connect('wg0', '10.100.1.1', 9)).rejects.toMatchObject({
        code: 'ConnectFailed',
      });
    }
    await pod.client.put({
      ...state,
      interfaceName: 'wg1',
      listenPort: 51_821,
      privateKey: generateKeyPair().privateKey,
    });
    expect(await site.node.exec('ss', ['-lunH'])).toContain(':51821');
  });

  /** What it says before it ends. */
  async function refusal(pod: Pod): Promise<object> {
    expect(await pod.ended()).toBe(1);
    const lines = pod.log.trim().split('\n');
    expect(lines).toHaveLength(1);
    return JSON.parse(lines[0] ?? '') as object;
  }

  test.each<[what: string, path: string, problem: string]>([
    [
      'is missing',
      `${NODE_PROC}/none/ns/net`,
      "cannot be opened (ENOENT); mount the node's /proc into this container, and let it run as root and privileged.",
    ],
    ['is a folder', '/proc', 'cannot be entered: it is no network namespace (errno 22).'],
    ['is a file', '/etc/passwd', 'cannot be entered: it is no network namespace (errno 22).'],
    [
      'is a namespace of another kind',
      '/proc/self/ns/mnt',
      'cannot be entered: it is no network namespace (errno 22).',
    ],
  ])(
    "whose path to the node's network %s says so in one sentence, and does not start",
    async (_, path, problem) => {
      const pod = await site.launch({ nodeNetns: path });
      expect(await refusal(pod)).toEqual({
        level: 'error',
        code: 'CannotStart',
        message: `The node's network namespace ${path} ${problem}`,
      });
      expect(await site.node.exec('ls', ['-A', '/run/netns'])).toBe('');
    },
  );

  test('without CAP_SYS_ADMIN says so in one sentence, and does not start', async () => {
    const pod = await site.launch({ by: without('sys_admin') });
    expect(await refusal(pod)).toMatchObject({
      code: 'CannotStart',
      message: expect.stringMatching(
        /cannot be entered: this process lacks CAP_SYS_ADMIN; let the container run as root and privileged\.$/,
      ),
    });
  });

  test('without CAP_SYS_PTRACE says so in one sentence, and does not start', async () => {
    const pod = await site.launch({ by: without('sys_ptrace') });
    expect(await refusal(pod)).toMatchObject({
      code: 'CannotStart',
      message: expect.stringMatching(/cannot be opened \(EACCES\); mount .* as root and privileged\.$/),
    });
  });

  test('without CAP_NET_ADMIN stays, says what it lacks, and makes no tunnel', async () => {
    const pod = await site.start({ by: without('net_admin') });
    const problem = 'The sidecar lacks CAP_NET_ADMIN; let its container run as root and privileged.';
    expect(await pod.client.version()).toMatchObject({ state: 'active', implementation: null, problem });
    await expect(pod.client.put(state)).rejects.toMatchObject({ code: 'NoTunDevice', message: problem });
    expect(await pod.client.list()).toEqual({ tunnels: [] });
    expect(pod.messages('warn')).toContain(problem);
  });

  test('without nft stays, says so, and makes tunnels as soon as it is there', async () => {
    const linked = 'for name in ip wg wireguard-go; do ln -s "$(command -v $name)" /srv; done';
    const prepare = `mount -t tmpfs none /srv; ln -s "$(command -v nft)" /srv/later; ${linked}; export PATH=/srv`;
    const pod = await site.start({ prepare });
    const { implementation, problem } = await pod.client.version();
    expect(implementation).toBeNull();
    expect(problem).toMatch(/^The sidecar's image has no nft; /);
    await expect(pod.client.put(state)).rejects.toMatchObject({ code: 'NoTunDevice', message: problem });
    expect(await site.node.exec('ls', ['-A', '/run/netns'])).toBe('');

    await pod.exec('mv', ['/srv/later', '/srv/nft']);
    const limit = performance.now() + 4000;
    while ((await pod.client.version()).problem !== null) expect(performance.now()).toBeLessThan(limit);
    expect((await pod.client.put(state)).changes).toContain('made the interface');
  });

  test('whose folder of control sockets cannot be written says so', async () => {
    const pod = await site.start({ prepare: 'mount -o remount,ro /var/run/wireguard' });
    await expect(pod.client.put(state)).rejects.toMatchObject({
      code: 'DeviceFailed',
      message:
        'wireguard-go cannot keep its control socket in /var/run/wireguard (EROFS); mount a volume there that can be written.',
    });
  });

  test('with a /dev/net/tun that nothing is behind says so', async () => {
    // A device number that no driver has.
    const prepare = 'mount -t tmpfs -o mode=0755 none /dev/net; mknod /dev/net/tun c 10 201';
    const pod = await site.start({ prepare });
    expect((await pod.client.version()).problem).toMatch(/ nor a usable \/dev\/net\/tun \(ENODEV\); /);
    await expect(pod.client.put(state)).rejects.toMatchObject({ code: 'NoTunDevice' });
  });

  test('without /dev/net/tun stays, says so, and makes tunnels as soon as it has the device', async () => {
    const pod = await site.start({ prepare: 'mount -t tmpfs -o mode=0755 none /dev/net' });
    const version = await pod.client.version();
    expect(version).toMatchObject({ state: 'active', implementation: null });
    expect(version.problem).toMatch(
      /^The node has neither kernel WireGuard nor a usable \/dev\/net\/tun \(ENOENT\); [^.]+\.$/,
    );
    await expect(pod.client.put(state)).rejects.toMatchObject({
      code: 'NoTunDevice',
      message: version.problem,
    });
    expect(await pod.client.list()).toEqual({ tunnels: [] });
    expect(await pod.client.remove('wg0')).toEqual({ changes: [] });
    expect(await site.node.exec('ls', ['-A', '/run/netns'])).toBe('');
    // When it was found, and for the PUT; not each time that somebody asks.
    for (let round = 0; round < 5; round += 1) await pod.client.version();
    expect(pod.messages('warn')).toEqual([version.problem, version.problem]);

    await pod.exec('umount', ['/dev/net']);
    const limit = performance.now() + 4000;
    while ((await pod.client.version()).problem !== null) expect(performance.now()).toBeLessThan(limit);
    expect(pod.messages('info')).toContain('This node has WireGuard now.');
    expect((await pod.client.put(state)).changes).toContain('made the interface');
  });
});
