import { spawnSync } from 'node:child_process';
import type { NetworkHost, TestNetwork } from '../../network.ts';
import { waitFor } from '../../wait.ts';
import { answers } from '../answers.ts';
import { EnteredMachine } from '../machine.ts';
import type { KubernetesNode, NodeService } from '../types.ts';
import type { KindCommands } from './commands.ts';

export interface KindNodeParts {
  name: string;
  tun: boolean;
  /** Name of its container. */
  container: string;
  commands: KindCommands;
  network: TestNetwork;
}

const KUBELET_HEALTH_PORT = 10248;

/**
 * A container of kind that is also on the test network. Its own network is the engine's: there it has its InternalIP,
 * and its default route.
 */
export class KindNode extends EnteredMachine implements KubernetesNode {
  readonly name: string;
  readonly container: string;
  readonly #parts: KindNodeParts;
  #host: NetworkHost | undefined;
  #address: string | undefined;
  #pid: number | undefined;

  constructor(parts: KindNodeParts) {
    super();
    this.#parts = parts;
    this.name = parts.name;
    this.container = parts.container;
  }

  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.name} is off.`);
    return this.#pid;
  }

  get address(): string {
    if (this.#address === undefined) throw new Error(`${this.name} was never plugged in.`);
    return this.#address;
  }

  get netns(): string {
    if (this.#host === undefined) throw new Error(`${this.name} is off.`);
    return this.#host.netns;
  }

  /** For a container that has just been started. */
  async plugIn(): Promise<void> {
    const { commands, container, network, name, tun } = this.#parts;
    this.#pid = await commands.pid(container);
    this.#host = await network.attachMachine(name, this.#pid, this.#address);
    this.#address = this.#host.address;
    if (!tun) await this.exec('mount', ['-t', 'tmpfs', '-o', 'ro,mode=0755', 'empty', '/dev/net']);
  }

  /** Idempotent. Whatever of it still runs is ended. */
  async unplug(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    this.#pid = undefined;
    await host?.detach();
  }

  log(service: NodeService): string {
    const script =
      service === 'kube-proxy'
        ? 'cat /var/log/pods/kube-system_kube-proxy-*/kube-proxy/*.log'
        : `journalctl --no-pager -u ${service}`;
    const [command, ...args] = this.enter('sh', ['-c', script]);
    return spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout;
  }

  async stopService(service: NodeService): Promise<void> {
    const unit = unitOf(service);
    // With only the first, systemd would start it again.
    await this.exec('systemctl', ['kill', '--signal=KILL', '--kill-who=main', unit]);
    await this.exec('systemctl', ['stop', unit]);
  }

  async startService(service: NodeService): Promise<void> {
    await this.exec('systemctl', ['start', unitOf(service)]);
    if (service === 'kubelet') await this.#untilKubeletAnswers();
  }

  async restartService(service: NodeService): Promise<void> {
    await this.stopService(service);
    await this.startService(service);
  }

  async powerOff(): Promise<void> {
    await this.#parts.commands.kill(this.container);
    await this.unplug();
  }

  async powerOn(): Promise<void> {
    await this.#parts.commands.start(this.container);
    await this.plugIn();
    await this.#untilKubeletAnswers();
  }

  #untilKubeletAnswers(): Promise<void> {
    return waitFor(`kubelet on ${this.name}`, () => answers(this.netns, KUBELET_HEALTH_PORT), 60_000);
  }
}

function unitOf(service: NodeService): string {
  if (service === 'kube-proxy') throw new Error('kube-proxy is a pod here: kubelet would start it again.');
  return `${service}.service`;
}
