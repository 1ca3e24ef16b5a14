import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SidecarClient, type SidecarVersion } from '../../../src/wireguard/index.ts';
import { run } from '../../testbed/command.ts';
import { namespacePath } from '../../testbed/namespaces.ts';
import type { NetworkHost } from '../../testbed/network.ts';
import type { TestNode } from '../../testbed/node.ts';

const SERVE = new URL('serve.ts', import.meta.url).pathname;
const LIMIT_MS = 20_000;
const KNOCK_MS = 10;

/** Where a pod has the node's /proc. */
export const NODE_PROC = '/mnt';

export interface PodOptions {
  /** Its own, for the socket. */
  folder: string;
  stateDir: string;
  nodeNetns: string;
  /** What is done in its mount namespace before the sidecar starts, in words of a shell. */
  prepare?: string;
  /** What the sidecar is started by, e.g. `setpriv` with arguments. */
  by?: readonly string[];
  /** A port on which it answers from before it enters the node's network. */
  health?: number;
}

/**
 * What a container runtime does: the sidecar is the first of its own processes, so that all of them end with it; it has
 * a network, a /proc and a /var/run/wireguard of its own, and of the node /proc and /run/netns.
 */
const CONTAINER = `set -e
mount --rbind /proc ${NODE_PROC}
mount -t proc proc /proc
mount -t tmpfs -o mode=0700 wireguard /var/run/wireguard
eval "$PREPARE"
exec "$@"`;

/** A gateway pod as far as its sidecar goes. */
export class Pod {
  readonly client: SidecarClient;
  /** Its place on the network. */
  readonly host: NetworkHost;
  /** Resolves when the sidecar answers; rejects when it ended before. */
  readonly ready: Promise<void>;
  readonly #process: ChildProcess;
  readonly #closed: Promise<number>;
  /** What the sidecar has written. */
  log = '';

  constructor(node: TestNode, host: NetworkHost, options: PodOptions) {
    const { folder, stateDir, nodeNetns, prepare = '', by = [], health } = options;
    mkdirSync(folder);
    const socketPath = join(folder, 'sidecar.sock');
    this.client = new SidecarClient({ socketPath });
    this.host = host;
    const flags = [`--state-dir=${stateDir}`, `--node-netns=${nodeNetns}`];
    if (health !== undefined) flags.push(`--health=${health}`);
    const entering = ['-t', String(node.pid), '-m', `--net=${namespacePath(host.netns)}`, '--'];
    const tied = ['env', '-C', process.cwd(), 'setpriv', '--pdeathsig', 'KILL', '--'];
    const isolated = ['--pid', '--fork', '--kill-child', '--mount', '--propagation', 'unchanged'];
    const container = ['unshare', ...isolated, 'sh', '-c', CONTAINER, 'sh'];
    const sidecar = [...by, process.execPath, SERVE, socketPath, ...flags];
    this.#process = spawn('nsenter', [...entering, ...tied, ...container, ...sidecar], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PREPARE: prepare },
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    this.#closed = once(this.#process, 'close').then(([code]) => Number(code ?? 1));
    const failed = this.#closed.then((code) => {
      throw new Error(`The sidecar ended with ${code}: ${this.log}`);
    });
    failed.catch(() => undefined);
    const line = once(this.#process.stdout as NodeJS.ReadableStream, 'data');
    this.ready = Promise.race([line, failed]).then(() => undefined);
    this.ready.catch(() => undefined);
  }

  /** Of the sidecar, as this process sees it. Throws where it has ended. */
  get pid(): number {
    const [pid] = childrenOf(this.#process.pid ?? 0);
    if (pid === undefined) throw new Error(`The sidecar has ended: ${this.log}`);
    return pid;
  }

  /** Pids of the wireguard-go processes that it has. */
  get wireguards(): number[] {
    return childrenOf(this.pid);
  }

  /** Runs a command among its processes and mounts, and in the network that it is in now. */
  exec(command: string, args: readonly string[]): Promise<string> {
    return run('nsenter', ['-t', String(this.pid), '-m', '-n', '-p', '--', command, ...args]);
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Waits until it has ended by itself; resolves with its exit code, which is not 0 after a SIGKILL. */
  ended(): Promise<number> {
    return this.#closed;
  }

  /** Ends it, if it has not ended, and waits until nothing of it is left. */
  async end(name: NodeJS.Signals): Promise<number> {
    if (!this.hasEnded) process.kill(this.pid, name);
    return this.#closed;
  }

  /** Waits until it has the node. */
  async active(): Promise<SidecarVersion> {
    const limit = performance.now() + LIMIT_MS;
    for (;;) {
      const version = await this.client.version();
      if (version.state === 'active') return version;
      if (performance.now() > limit) throw new Error(`It does nothing but stand by: ${this.log}`);
      await sleep(KNOCK_MS);
    }
  }

  /** What it has logged in this manner. */
  messages(level: string): string[] {
    const lines = this.log.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line) as { level: string; message: string })
      .flatMap((line) => (line.level === level ? [line.message] : []));
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}
