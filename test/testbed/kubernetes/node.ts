import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import { type OwnedProcess, spawnOwned } from '../lifetime.ts';
import type { NetworkHost } from '../network.ts';
import { waitFor } from '../wait.ts';
import { answers } from './answers.ts';
import { bootMachine, enterAsService, killEntered, type Machine } from './boot.ts';
import { removeCgroup } from './cgroups.ts';
import { CONTAINERD_SOCKET, containerdConfig, kubeletConfig, kubeProxyConfig } from './configuration.ts';
import { PAUSE_IMAGE } from './images.ts';
import { EnteredMachine } from './machine.ts';
import { cniConfig, darken, routePods } from './pod-network.ts';
import type { KubernetesNode, NodeService } from './types.ts';

export interface NodeParts {
  name: string;
  labels: Record<string, string>;
  tun: boolean;
  host: NetworkHost;
  /** Range of its pods. */
  pods: string;
  /** Ranges of other nodes' pods → those nodes' addresses. */
  others: ReadonlyMap<string, string>;
  /** Path of the owned directory of the cluster; the node's own is below it. */
  owner: string;
  /** Path of its control group in each hierarchy, without a leading slash. */
  cgroup: string;
  programs: Record<'containerd' | 'kubelet' | 'kubeProxy' | 'pause', string>;
  /** Archives to import at every boot. */
  images: string[];
}

/** How a node's services reach the API server. */
export interface Credentials {
  caFile: string;
  kubelet: string;
  kubeProxy: string;
}

/** Ports on which services say that they work (defaults of Kubernetes). */
export const HEALTH = { kubelet: 10248, 'kube-proxy': 10256 } as const;

/** A node as its maker handles it. {@link boot} comes first, then {@link join}. */
export class ClusterNode extends EnteredMachine implements KubernetesNode {
  readonly name: string;
  readonly address: string;
  readonly netns: string;
  readonly #parts: NodeParts;
  readonly #directory: string;
  readonly #services = new Map<NodeService, OwnedProcess>();
  #machine: Machine | undefined;
  #kubeletArgs: string[] = [];

  constructor(parts: NodeParts) {
    super();
    this.#parts = parts;
    this.name = parts.name;
    this.address = parts.host.address;
    this.netns = parts.host.netns;
    this.#directory = join(parts.owner, 'nodes', parts.name);
    mkdirSync(join(this.#directory, 'lib', 'cni', 'net.d'), { recursive: true });
    writeFileSync(this.#file(`lib/cni/net.d/pods.conflist`), cniConfig(parts.pods));
    writeFileSync(this.#file('containerd.toml'), containerdConfig(PAUSE_IMAGE));
  }

  get pid(): number {
    if (this.#machine === undefined) throw new Error(`${this.name} is off.`);
    return this.#machine.pid;
  }

  /** Starts the machine and containerd, which need no API server. */
  async boot(): Promise<void> {
    const { owner, name, tun, host, others, cgroup, programs, images } = this.#parts;
    await routePods({ netns: this.netns, others, gateway: host.gateway });
    this.#machine = await bootMachine({
      owner,
      directory: this.#directory,
      name,
      netns: this.netns,
      tun,
      init: programs.pause,
      cgroup,
    });
    await this.startService('containerd');
    for (const archive of images) await this.importImages(archive);
  }

  /** Writes what kubelet and kube-proxy need and starts them. */
  async join({ caFile, kubelet, kubeProxy }: Credentials): Promise<void> {
    const secret = { mode: 0o600 };
    writeFileSync(this.#file('kubelet.kubeconfig'), kubelet, secret);
    writeFileSync(this.#file('kube-proxy.kubeconfig'), kubeProxy, secret);
    writeFileSync(this.#file('kubelet.yaml'), kubeletConfig(caFile));
    const proxyConfig = kubeProxyConfig(this.name, this.#file('kube-proxy.kubeconfig'));
    writeFileSync(this.#file('kube-proxy.yaml'), proxyConfig);
    const labels = Object.entries(this.#parts.labels).map(([key, value]) => `${key}=${value}`);
    this.#kubeletArgs = [
      `--config=${this.#file('kubelet.yaml')}`,
      `--kubeconfig=${this.#file('kubelet.kubeconfig')}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${this.address}`,
      ...(labels.length > 0 ? [`--node-labels=${labels.join(',')}`] : []),
    ];
    await Promise.all([this.startService('kubelet'), this.startService('kube-proxy')]);
  }

  log(service: NodeService): string {
    const file = join(this.#parts.owner, `${this.name}-${service}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async startService(service: NodeService): Promise<void> {
    if (this.#services.has(service)) throw new Error(`${service} runs already on ${this.name}.`);
    const [command, ...args] = enterAsService(this.pid, this.#commandLine(service));
    const started = await spawnOwned(this.#parts.owner, `${this.name}-${service}`, command, args);
    this.#services.set(service, started);
    await waitFor(
      `${service} on ${this.name}`,
      () => {
        const end = started.ended();
        if (end !== null) throw new Error(`${service} on ${this.name} ${end}:\n${started.logTail()}`);
        return this.#isUp(service);
      },
      60_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message} Its log ends:\n${started.logTail()}`, { cause: error });
    });
  }

  async stopService(service: NodeService): Promise<void> {
    const running = this.#services.get(service);
    if (running === undefined) throw new Error(`${service} does not run on ${this.name}.`);
    this.#services.delete(service);
    await killEntered(running);
  }

  async restartService(service: NodeService): Promise<void> {
    await this.stopService(service);
    await this.startService(service);
  }

  async powerOff(): Promise<void> {
    await this.#end();
    await darken(this.netns);
  }

  async powerOn(): Promise<void> {
    if (this.#machine !== undefined) throw new Error(`${this.name} is on.`);
    await this.boot();
    await Promise.all([this.startService('kubelet'), this.startService('kube-proxy')]);
  }

  /** Ends it for good. Idempotent. */
  async remove(): Promise<void> {
    await this.#end();
    await this.#parts.host.detach();
  }

  /** Names of the images of an archive, as containerd has them then. */
  async importImages(archive: string): Promise<string[]> {
    const said = await this.#ctr(['images', 'import', '--snapshotter', 'overlayfs', archive]);
    return [...said.matchAll(/^unpacking (\S+)/gm)].map(([, name]) => name as string);
  }

  #ctr(args: readonly string[]): Promise<string> {
    const [first, ...rest] = this.enter('ctr', ['--address', CONTAINERD_SOCKET, '-n', 'k8s.io', ...args]);
    return run(first, rest, { timeoutMs: 180_000 });
  }

  /** With pid 1 the kernel ends every process of its pid namespace, and waits for that. */
  async #end(): Promise<void> {
    const machine = this.#machine;
    if (machine === undefined) return;
    this.#machine = undefined;
    process.kill(machine.pid, 'SIGKILL');
    await Promise.all([...this.#services.values()].map((service) => service.kill()));
    this.#services.clear();
    await machine.process.stop(30_000);
    removeCgroup(this.#parts.cgroup);
  }

  #file(name: string): string {
    return join(this.#directory, name);
  }

  #commandLine(service: NodeService): string[] {
    const { programs } = this.#parts;
    if (service === 'containerd') return [programs.containerd, '--config', this.#file('containerd.toml')];
    if (service === 'kubelet') return [programs.kubelet, ...this.#kubeletArgs];
    return [programs.kubeProxy, `--config=${this.#file('kube-proxy.yaml')}`];
  }

  #isUp(service: NodeService): Promise<boolean> {
    if (service !== 'containerd') return answers(this.netns, HEALTH[service]);
    return this.#ctr(['version']).then(
      () => true,
      () => false,
    );
  }
}
