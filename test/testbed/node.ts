import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { run } from './command.ts';
import { inside } from './namespaces.ts';
import type { NetworkHost, TestNetwork } from './network.ts';

/**
 * A simulated machine: a network and a mount namespace of its own, kept by a holder process. /run/netns and
 * /var/run/wireguard are private to it, so that several "nodes" may each have a `wg0`.
 */
export interface TestNode {
  readonly name: string;
  /** Its address on the test network. */
  readonly address: string;
  /** The holder: `nsenter -t PID -m -n` enters the node. */
  readonly pid: number;
  /** Starts a process in the node; it dies with the node and with this process. */
  spawn(command: string, args: readonly string[], options?: NodeSpawnOptions): ChildProcess;
  /** Runs a command in the node to its end. @throws with its standard error if it fails. */
  exec(command: string, args: readonly string[], input?: string): Promise<string>;
  /** The command line that runs a command in the node, also for a person's terminal: `nsenter -t PID -m -n …`. */
  enter(command: string, args: readonly string[]): [string, ...string[]];
  /** Ends every process inside, also daemons that left their parent, and removes the node. Idempotent. */
  destroy(): Promise<void>;
}

export type NodeSpawnOptions = Pick<SpawnOptions, 'env' | 'stdio' | 'cwd'>;

/** What the holder does before it only waits: `cat` ends when this process does, since its input ends. */
const HOLDER = `set -e
mkdir -p /run/netns /var/run/wireguard
mount -t tmpfs -o mode=0755 netns /run/netns
mount -t tmpfs -o mode=0700 wireguard /var/run/wireguard
echo ready
exec cat`;

let unnamed = 0;

/** Makes a node and plugs it into the network: with a public address, unless `attach` puts it elsewhere. */
export async function createNode(
  network: TestNetwork,
  name?: string,
  attach: (hostName: string) => Promise<NetworkHost> = (hostName) => network.attach(hostName),
): Promise<TestNode> {
  unnamed += 1;
  const hostName = name ?? `node-${unnamed}`;
  const host = await attach(hostName);
  const [command, ...args] = inside(host.netns, 'unshare', [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    HOLDER,
  ]);
  const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await firstLine(holder);
  } catch (error) {
    await host.detach();
    throw error;
  }
  const pid = holder.pid as number;
  const enter = (program: string, programArgs: readonly string[]): [string, ...string[]] => [
    'nsenter',
    '-t',
    String(pid),
    '-m',
    '-n',
    '--',
    program,
    ...programArgs,
  ];
  return {
    name: hostName,
    address: host.address,
    pid,
    enter,
    spawn(program, programArgs, { cwd = process.cwd(), ...options } = {}) {
      // Entering a mount namespace goes to its root directory, so the working directory is set after that.
      const [first, ...rest] = enter('env', [
        '-C',
        String(cwd),
        'setpriv',
        '--pdeathsig',
        'KILL',
        '--',
        program,
        ...programArgs,
      ]);
      return spawn(first, rest, options);
    },
    exec(program, programArgs, input) {
      const [first, ...rest] = enter(program, programArgs);
      return run(first, rest, input === undefined ? {} : { input });
    },
    destroy: () => host.detach(),
  };
}

async function firstLine(holder: ChildProcess): Promise<void> {
  const lines = createInterface({ input: holder.stdout as NodeJS.ReadableStream });
  const failed = once(holder, 'close').then(([code]) => {
    throw new Error(`The node's holder process ended with exit code ${code} before it was ready.`);
  });
  await Promise.race([once(lines, 'line'), failed]);
  failed.catch(() => {});
}
