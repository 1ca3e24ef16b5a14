import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { controlSocketOf } from '../../../src/wireguard/device/control-socket.ts';
import type { Device } from '../../../src/wireguard/device/device.ts';
import { KernelDevice } from '../../../src/wireguard/device/kernel.ts';
import { UserspaceDevice } from '../../../src/wireguard/device/userspace.ts';
import { generateKeyPair, generatePresharedKey, publicKeyOf } from '../../../src/wireguard/index.ts';
import { inside, namespacePath, newWireguardName, runInside } from '../../testbed/namespaces.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { dataplane, leftOut } from './dataplane.ts';

/** Says of each datagram its first byte and its length. */
const HEAR = `
const socket = require('dgram').createSocket('udp4');
socket.on('message', (bytes) => console.log(bytes[0], bytes.length));
socket.bind(40002, '127.0.0.1', () => console.log('listening'));
`;

/** `wg` does the same with either implementation, so that the kernel's way can be tried where there is none. */
const WAYS: [how: string, open: (netns: string, name: string) => Device][] = [
  ['by wg, as the kernel is', (netns, name) => new KernelDevice(namespacePath(netns), name)],
  ['by the control socket, as wireguard-go is', (_, name) => new UserspaceDevice(controlSocketOf(name))],
];

dataplane.each(WAYS)(`a device that is talked to %s${leftOut}`, (_, open) => {
  let network: TestNetwork;
  let netns: string;
  let name: string;
  let device: Device;

  beforeEach(async () => {
    network = await createTestNetwork('device');
    ({ netns } = await network.attach('host'));
    name = newWireguardName();
    await runInside(netns, 'wireguard-go', [name]);
    device = open(netns, name);
  });
  afterEach(() => network.destroy());

  test('has neither key nor peers at first', async () => {
    const { publicKey, peers } = await device.read();
    expect(publicKey).toBeNull();
    expect(peers.size).toBe(0);
  });

  test('is read as it was set, change after change, and what is not named stays', async () => {
    const { privateKey } = generateKeyPair();
    const [one, two, three] = [generateKeyPair(), generateKeyPair(), generateKeyPair()].map(
      (pair) => pair.publicKey,
    ) as [string, string, string];
    const presharedKey = generatePresharedKey();
    await device.apply({
      privateKey,
      listenPort: 40_001,
      remove: [],
      set: new Map([
        [one, { allowedIPs: ['10.100.1.1/32', '192.168.1.0/24'], presharedKey }],
        [two, { allowedIPs: ['10.100.1.2/32'] }],
      ]),
    });
    const first = await device.read();
    expect(first.publicKey).toBe(publicKeyOf(privateKey));
    expect(first.listenPort).toBe(40_001);
    expect(first.peers.get(one)).toEqual({ allowedIPs: ['10.100.1.1/32', '192.168.1.0/24'], presharedKey });

    // A network moves from one to three, the pre-shared key goes, two is removed.
    await device.apply({
      remove: [two],
      set: new Map([
        [three, { allowedIPs: ['192.168.1.0/24'], presharedKey }],
        [one, { allowedIPs: ['10.100.1.1/32'] }],
      ]),
    });
    const second = await device.read();
    expect(second.publicKey).toBe(publicKeyOf(privateKey));
    expect(second.listenPort).toBe(40_001);
    expect([...second.peers].toSorted()).toEqual(
      [
        [one, { allowedIPs: ['10.100.1.1/32'] }],
        [three, { allowedIPs: ['192.168.1.0/24'], presharedKey }],
      ].toSorted(),
    );

    const seen: string[] = [];
    for await (const peer of device.observe()) {
      expect(peer).toMatchObject({ lastHandshake: 0, rx: 0, tx: 0, endpoint: null });
      seen.push(peer.publicKey);
    }
    expect(seen.toSorted()).toEqual([one, three].toSorted());
  });

  test('is told where a peer was last seen, and speaks to it first when it is asked to', async () => {
    const [one, two] = [generateKeyPair().publicKey, generateKeyPair().publicKey];
    const settings = { allowedIPs: ['10.100.1.1/32'] };
    await runInside(netns, 'ip', ['link', 'set', name, 'up']);
    await device.apply({
      privateKey: generateKeyPair().privateKey,
      listenPort: 40_001,
      remove: [],
      set: new Map([
        [one, settings],
        [two, { allowedIPs: [] }],
      ]),
      endpoints: new Map([[one, '127.0.0.1:40002']]),
    });
    const seen = new Map<string, string | null>();
    for await (const { publicKey, endpoint } of device.observe()) seen.set(publicKey, endpoint);
    expect(seen).toEqual(
      new Map([
        [one, '127.0.0.1:40002'],
        [two, null],
      ]),
    );

    const [command, ...args] = inside(netns, process.execPath, ['-e', HEAR]);
    const ear = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const lines = createInterface({ input: ear.stdout })[Symbol.asyncIterator]();
      expect((await lines.next()).value).toBe('listening');
      const begun = performance.now();
      await device.greet([one, two]);
      // A handshake that begins: its first byte, and its length.
      expect((await lines.next()).value).toBe('1 148');
      expect(performance.now() - begun).toBeLessThan(1000);
    } finally {
      ear.kill('SIGKILL');
    }
    const { peers } = await device.read();
    expect(peers).toEqual(
      new Map([
        [one, settings],
        [two, { allowedIPs: [] }],
      ]),
    );
    const keepalives = await runInside(netns, 'wg', ['show', name, 'persistent-keepalive']);
    expect(keepalives.match(/\toff$/gm)).toHaveLength(2);
  });

  test('takes and gives thousands of peers', async () => {
    const peers = new Map(
      Array.from({ length: 3000 }, (_, n) => {
        const key = Buffer.alloc(32, 9);
        key.writeUInt32BE(n, 0);
        return [key.toString('base64'), { allowedIPs: [`10.${n >> 8}.${n & 255}.1/32`] }] as const;
      }),
    );
    await device.apply({ privateKey: generateKeyPair().privateKey, remove: [], set: peers });
    expect((await device.read()).peers.size).toBe(3000);
    await device.apply({ remove: [...peers.keys()].slice(0, 2500), set: new Map() });
    expect([...(await device.read()).peers.keys()].toSorted()).toEqual(
      [...peers.keys()].slice(2500).toSorted(),
    );
  });
});
