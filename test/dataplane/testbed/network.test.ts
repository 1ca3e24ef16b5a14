import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isAlive, namespacesOf, runInside } from '../../testbed/namespaces.ts';
import { createTestNetwork, type NetworkHost, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { waitFor } from '../../testbed/wait.ts';

/** Pings until one is answered; a busy machine may lose the first. */
const reaches = (from: NetworkHost, address: string, seconds = 5): Promise<boolean> =>
  runInside(from.netns, 'ping', ['-n', '-c', '1', '-w', String(seconds), address]).then(
    () => true,
    () => false,
  );

describe('the test internet', () => {
  let network: TestNetwork;

  beforeAll(async () => {
    network = await createTestNetwork('internet');
  });

  afterAll(() => network?.destroy());

  test('lets hosts reach each other and ends at its own borders', async () => {
    const [one, other] = [await network.attach('one'), await network.attach('other')];
    expect(await reaches(one, other.address)).toBe(true);
    expect(await runInside(network.name, 'ip', ['-o', 'route', 'show', 'default'])).toBe('');
  });

  test('hides a host behind NAT, which lets in only answers', async () => {
    const server = await network.attach('server');
    const home = await network.attachBehindNat('home');
    expect(await reaches(home, server.address)).toBe(true);
    // Whoever shares a wire with the NAT router can send it anything.
    const route = [`${home.address}/32`, 'via', home.publicAddress, 'dev', 'ether1', 'onlink'];
    await runInside(server.netns, 'ip', ['route', 'add', ...route]);
    expect(await reaches(server, home.address, 1)).toBe(false);
  });

  test('moves a NAT router to an address that is new to all', async () => {
    const server = await network.attach('watcher');
    const home = await network.attachBehindNat('moving');
    const first = home.publicAddress;
    const second = await home.renumber();
    expect(second).not.toBe(first);
    expect(home.publicAddress).toBe(second);
    expect(await reaches(home, server.address)).toBe(true);
    expect(await reaches(server, first, 1)).toBe(false);
    expect(await reaches(server, second)).toBe(true);
    expect(await home.renumber('203.0.113.200')).toBe('203.0.113.200');
    await expect(
      network.attachBehindNat('second').then((host) => host.renumber('203.0.113.200')),
    ).rejects.toThrow('already taken');
  });

  test('takes in a machine that has a network, at the address that it had before', async () => {
    const home = await network.attachBehindNat('caller');
    const start = async () => {
      const machine = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up; echo up; exec cat']);
      await once(machine.stdout, 'data');
      return machine;
    };
    const first = await start();
    const host = await network.attachMachine('machine', first.pid as number);
    expect(await reaches(home, host.address)).toBe(true);
    expect(await runInside(host.netns, 'ip', ['-o', 'route', 'show', 'default'])).toBe('');
    await host.detach();
    expect(isAlive(first.pid as number)).toBe(false);
    expect(await reaches(home, host.address, 1)).toBe(false);
    const second = await network.attachMachine('machine', (await start()).pid as number, host.address);
    expect(second.address).toBe(host.address);
    expect(await reaches(home, host.address)).toBe(true);
  });

  test('gives no two hosts one name, and takes a name back from one that left', async () => {
    const host = await network.attach('twin');
    await expect(network.attach('twin')).rejects.toThrow('already has a host "twin"');
    await host.detach();
    await host.detach();
    await network.attach('twin');
    await expect(network.attach('No Name')).rejects.toThrow('no name for a host');
  });
});

describe('a node', () => {
  let network: TestNetwork;
  let one: TestNode;
  let other: TestNode;

  beforeAll(async () => {
    network = await createTestNetwork('nodes');
    one = await createNode(network, 'one');
    other = await createNode(network, 'other');
  });

  afterAll(() => network?.destroy());

  test('has interfaces, namespaces and WireGuard sockets of its own', async () => {
    for (const node of [one, other]) {
      await node.exec('wireguard-go', ['wg0']);
      await node.exec('ip', ['netns', 'add', 'tto-wg0']);
      expect(await node.exec('ip', ['netns', 'list'])).toMatch(/^tto-wg0/);
      expect(await node.exec('wg', ['show', 'interfaces'])).toBe('wg0\n');
    }
    expect(readdirSync('/run/netns')).not.toContain('tto-wg0');
    await one.exec('ping', ['-n', '-c', '1', '-W', '2', other.address]);
  });

  test('runs processes in the working directory and the environment that it is told', async () => {
    const child = one.spawn('sh', ['-c', 'pwd; echo $GREETING'], {
      cwd: '/usr',
      env: { ...process.env, GREETING: 'hello' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => lines.push(line));
    await once(child, 'close');
    expect(lines).toEqual(['/usr', 'hello']);
  });

  test('hands a command its input as something that it can open', async () => {
    expect(await one.exec('cat', ['/dev/stdin'], 'a key')).toBe('a key');
    await expect(one.exec('sh', ['-c', 'echo why >&2; exit 3'])).rejects.toThrow(/exit code 3: why/);
  });

  test('takes its processes with it', async () => {
    const node = await createNode(network, 'short-lived');
    const child = node.spawn('sleep', ['1000'], { stdio: 'ignore' });
    const daemon = Number(await node.exec('sh', ['-c', 'setsid sleep 1000 >&- 2>&- & echo $!']));
    expect(isAlive(daemon)).toBe(true);
    const ended = once(child, 'close');
    await node.destroy();
    await node.destroy();
    await ended;
    await waitFor('the end of its processes', () => !isAlive(daemon) && !isAlive(node.pid));
  });
});

describe('what a script leaves behind', () => {
  interface Left {
    prefix: string;
    holder: number;
    daemon: number;
  }

  const startScript = async (): Promise<{ child: ChildProcess; left: Left }> => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'leave-behind.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
    return { child, left: JSON.parse(String(line)) };
  };

  const socketsOf = (pid: number): string[] =>
    readdirSync('/var/run/wireguard').filter((name) => name.startsWith(`sr${pid.toString(36)}-`));

  const nothingOf = (child: ChildProcess, { prefix, holder, daemon }: Left): boolean =>
    namespacesOf(prefix).length === 0 &&
    !isAlive(holder) &&
    !isAlive(daemon) &&
    socketsOf(child.pid as number).length === 0;

  test('is nothing when it ends by Ctrl-C', async () => {
    const { child, left } = await startScript();
    expect(socketsOf(child.pid as number)).toHaveLength(1);
    const ended = once(child, 'close');
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    await waitFor('nothing of it', () => nothingOf(child, left));
  }, 60_000);

  test('is removed by the next one when it was killed', async () => {
    const { child, left } = await startScript();
    const ended = once(child, 'close');
    child.kill('SIGKILL');
    await ended;
    expect(namespacesOf(left.prefix)).not.toEqual([]);
    await (await createTestNetwork('next')).destroy();
    await waitFor('nothing of it', () => nothingOf(child, left));
  }, 60_000);
});
