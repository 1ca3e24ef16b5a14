import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestNetwork, type TestNetwork } from '../../testbed/network.ts';
import { createNode, type TestNode } from '../../testbed/node.ts';
import { NODE_PROC, Pod, type PodOptions } from './pod.ts';

/** A node on which gateway pods take turns, and the folder by which they do. */
export class Site {
  readonly network: TestNetwork;
  readonly node: TestNode;
  readonly #folder: string;
  readonly #pods: Pod[] = [];
  #started = 0;

  private constructor(network: TestNetwork, node: TestNode, folder: string) {
    this.network = network;
    this.node = node;
    this.#folder = folder;
  }

  static async create(): Promise<Site> {
    const network = await createTestNetwork('turns');
    const node = await createNode(network, 'gateway');
    // As the mount of a pod has it: what one of them mounts there, the node and the others see.
    await node.exec('mount', ['--make-shared', '/run/netns']);
    return new Site(network, node, await mkdtemp(join(tmpdir(), 'turns-')));
  }

  get stateDir(): string {
    return join(this.#folder, 'state');
  }

  /** Starts a gateway pod, and waits until its sidecar answers. */
  async start(options: Partial<PodOptions> = {}): Promise<Pod> {
    const pod = await this.launch(options);
    await pod.ready;
    return pod;
  }

  /** A pod whose sidecar may not come up. */
  async launch(options: Partial<PodOptions> = {}): Promise<Pod> {
    this.#started += 1;
    const name = `pod-${this.#started}`;
    const pod = new Pod(this.node, await this.network.attach(name), {
      folder: join(this.#folder, name),
      stateDir: this.stateDir,
      nodeNetns: `${NODE_PROC}/${this.node.pid}/ns/net`,
      ...options,
    });
    this.#pods.push(pod);
    return pod;
  }

  /** All that lies in the state folder, as paths. */
  async left(): Promise<string[]> {
    const found = await this.node.exec('find', [this.stateDir, '-mindepth', '1', '-printf', '%P\n']);
    return found
      .split('\n')
      .filter((line) => line !== '')
      .toSorted();
  }

  /** Ends all pods, and takes all tunnels off the node. */
  async clear(): Promise<void> {
    const pods = this.#pods.splice(0);
    await Promise.all(pods.map((pod) => pod.end('SIGKILL')));
    const names = await this.node.exec('ls', ['/run/netns']);
    for (const name of names.split('\n').filter((line) => line !== '')) {
      await this.node.exec('ip', ['netns', 'del', name]);
    }
    await this.node.exec('rm', ['-rf', this.stateDir]);
    await Promise.all(pods.map((pod) => pod.host.detach()));
    // Neither a crash nor an error that has no code may have gone unnoticed.
    const log = pods.map((pod) => pod.log).join('');
    if (/nobody thought of|node:internal/.test(log)) throw new Error(log);
  }

  async destroy(): Promise<void> {
    await this.network.destroy();
    await rm(this.#folder, { recursive: true });
  }
}
