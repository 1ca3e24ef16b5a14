import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SidecarClient } from '../../../src/wireguard/index.ts';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';

const SERVE = new URL('serve.ts', import.meta.url).pathname;

/** A test node with a sidecar that can be killed and started again, and a client of it. */
export class Gateway {
  readonly network: TestNetwork;
  readonly node: TestNode;
  readonly client: SidecarClient;
  readonly socketPath: string;
  readonly #folder: string;
  #sidecar: ChildProcess | undefined;
  /** What every sidecar of this gateway has written to its log. */
  log = '';

  private constructor(network: TestNetwork, node: TestNode, folder: string) {
    this.network = network;
    this.node = node;
    this.#folder = folder;
    this.socketPath = join(folder, 'sidecar.sock');
    this.client = new SidecarClient({ socketPath: this.socketPath });
  }

  static async create(): Promise<Gateway> {
    const network = await createTestNetwork('sidecar');
    const node = await createNode(network, 'gateway');
    const gateway = new Gateway(network, node, await mkdtemp(join(tmpdir(), 'sidecar-')));
    await gateway.start();
    return gateway;
  }

  get pid(): number {
    return this.#sidecar?.pid ?? 0;
  }

  /** Starts a sidecar and waits until it serves. */
  async start(): Promise<void> {
    const sidecar = this.launch();
    const lines = createInterface({ input: sidecar.stdout as NodeJS.ReadableStream });
    const ended = once(sidecar, 'close').then(([code]) => {
      throw new Error(`The sidecar ended with ${code}: ${this.log}`);
    });
    ended.catch(() => undefined);
    await Promise.race([once(lines, 'line'), ended]);
    this.#sidecar = sidecar;
  }

  /** A sidecar of its own, e.g. a second one that should not start. */
  launch(): ChildProcess {
    const sidecar = this.node.spawn(process.execPath, [SERVE, this.socketPath], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    sidecar.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
    return sidecar;
  }

  /** Ends the sidecar and waits until it is gone; resolves with its exit code, null after a SIGKILL. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const sidecar = this.#sidecar;
    this.#sidecar = undefined;
    if (sidecar === undefined) return null;
    const closed = once(sidecar, 'close');
    sidecar.kill(signal);
    const [code] = await closed;
    return code as number | null;
  }

  /** Runs a command in a tunnel's namespace, without a mount namespace of its own. */
  inTunnel(interfaceName: string, command: string, ...args: string[]): Promise<string> {
    return this.node.exec('nsenter', [`--net=/run/netns/tto-${interfaceName}`, command, ...args]);
  }

  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    await this.network.destroy();
    await rm(this.#folder, { recursive: true });
    // Neither a crash nor an error that has no code may have gone unnoticed.
    if (/nobody thought of|node:internal/.test(this.log)) throw new Error(this.log);
  }
}
