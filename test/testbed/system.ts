/**
 * The whole operator on one machine: API server, a node with its own network, and the three processes of
 * `src/main.ts` under the rights that deploy/base gives them. Simulated routers are plugged into `network`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from './borrowed-cluster.ts';
import { AGENT_USER, CONTROLLER_USER, type ControlPlane, startControlPlane } from './control-plane.ts';
import { type OwnedDirectory, type OwnedProcess, ownedDirectory, spawnOwned } from './lifetime.ts';
import { createTestNetwork, type TestNetwork } from './network.ts';
import { createNode, type TestNode } from './node.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
export const SYSTEM_NAMESPACE = 'tenant-tunnel-system';
export const GATEWAY_NAMESPACE = 'tenant-tunnel-gateways';

export type ProcessName = 'controller' | 'agent' | 'sidecar';

export interface SystemOptions {
  progress?: (line: string) => void;
  /** More flags for a process. */
  flags?: Partial<Record<ProcessName, string[]>>;
  /** Variables beside this process's own, for all three. */
  environment?: Record<string, string>;
  audit?: boolean;
}

/** The operator on a control plane that it started itself. */
export type System = SystemOn<ControlPlane>;

export interface SystemOn<C extends Cluster> {
  readonly plane: C;
  readonly network: TestNetwork;
  readonly node: TestNode;
  /** Name of the Node object and of the gateway. */
  readonly nodeName: string;
  /** For `curl --unix-socket`. */
  readonly sidecarSocket: string;
  /** pid of a running process. */
  pid(name: ProcessName): number;
  /** All that a process has logged, over all its lives. */
  log(name: ProcessName): string;
  /** Text of a process's /metrics. */
  metrics(name: ProcessName): Promise<string>;
  /** SIGKILL; returns when it is gone. */
  kill(name: ProcessName): Promise<void>;
  /** SIGTERM; returns how long it took, ms. @throws when it did not end in order, with exit code 0. */
  end(name: ProcessName): Promise<number>;
  /** Starts a process that is not running; returns when it says that it is ready. */
  start(name: ProcessName): Promise<void>;
  stop(): Promise<void>;
}

/** Everything running and ready, on a control plane of its own; the kinds installed, no class made yet. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { progress = () => {}, audit = false } = options;
  return startSystemOn(await startControlPlane({ progress, audit }), options);
}

/** The same on a cluster that is there; stopping the system stops, or hands back, the cluster. */
export async function startSystemOn<C extends Cluster>(
  plane: C,
  { progress = () => {}, flags = {}, environment = {} }: SystemOptions,
): Promise<SystemOn<C>> {
  const undo: (() => Promise<void> | void)[] = [() => plane.stop()];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    await plane.install();
    progress('API server ready, kinds and roles installed');
    const network = await createTestNetwork('system');
    undo.push(() => network.destroy());
    const node = await createNode(network, 'gateway');
    undo.push(() => node.destroy());
    const nodeName = 'gateway-1';
    plane.kubectl(['apply', '-f', '-'], nodeManifest(nodeName));
    undo.push(() => void plane.kubectl(['delete', 'node', nodeName, '--wait=false']));
    const directory = ownedDirectory('system');
    undo.push(() => directory.remove());
    const system = new RunningSystem({ plane, network, node, nodeName, directory, flags, environment, stop });
    undo.push(() => system.endAll());
    for (const name of ['sidecar', 'controller', 'agent'] as const) {
      await system.start(name);
      progress(`${name} ready`);
    }
    return system;
  } catch (error) {
    await stop();
    throw error;
  }
}

const nodeManifest = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

const ASK =
  'fetch(process.argv[1]).then(async (r) => process.stdout.write(r.status + "\\n" + (await r.text())))';

interface Parts<C extends Cluster>
  extends Pick<SystemOn<C>, 'plane' | 'network' | 'node' | 'nodeName' | 'stop'> {
  directory: OwnedDirectory;
  flags: Partial<Record<ProcessName, string[]>>;
  environment: Record<string, string>;
}

class RunningSystem<C extends Cluster> implements SystemOn<C> {
  readonly plane: C;
  readonly network: TestNetwork;
  readonly node: TestNode;
  readonly nodeName: string;
  readonly stop: () => Promise<void>;
  readonly #directory: string;
  readonly #flags: Partial<Record<ProcessName, string[]>>;
  readonly #environment: Record<string, string>;
  readonly #running = new Map<ProcessName, OwnedProcess>();
  /** Length of a process's log when it was last started. */
  readonly #logStart = new Map<ProcessName, number>();

  constructor({ plane, network, node, nodeName, directory, flags, environment, stop }: Parts<C>) {
    this.plane = plane;
    this.network = network;
    this.node = node;
    this.nodeName = nodeName;
    this.stop = stop;
    this.#directory = directory.path;
    this.#flags = flags;
    this.#environment = environment;
  }

  get sidecarSocket(): string {
    return join(this.#directory, 'sidecar.sock');
  }

  pid(name: ProcessName): number {
    return this.#process(name).pid;
  }

  log(name: ProcessName): string {
    const file = join(this.#directory, `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async metrics(name: ProcessName): Promise<string> {
    return (await this.#ask(name, '/metrics')).text;
  }

  async kill(name: ProcessName): Promise<void> {
    const running = this.#process(name);
    this.#running.delete(name);
    await running.kill();
  }

  async end(name: ProcessName): Promise<number> {
    const running = this.#process(name);
    this.#running.delete(name);
    const began = performance.now();
    await running.stop(10_000);
    const how = running.ended();
    if (how !== 'ended with exit code 0')
      throw new Error(`${name} ${how} at SIGTERM:\n${running.logTail(5)}`);
    return performance.now() - began;
  }

  async start(name: ProcessName): Promise<void> {
    const [command, ...args] = this.#commandLine(name);
    this.#logStart.set(name, this.log(name).length);
    const running = await spawnOwned(this.#directory, name, command, args, this.#environment);
    this.#running.set(name, running);
    const limit = Date.now() + 60_000;
    for (;;) {
      const ended = running.ended();
      if (ended !== null) throw new Error(`${name} ${ended}:\n${running.logTail()}`);
      if (this.#healthUrl(name) !== undefined && (await this.#isReady(name))) return;
      if (Date.now() > limit) throw new Error(`${name} is not ready after 60 s:\n${running.logTail()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running.stop()));
    this.#running.clear();
  }

  #commandLine(name: ProcessName): [string, ...string[]] {
    const common = [MAIN, name, '--metrics-address', '127.0.0.1:0', ...(this.#flags[name] ?? [])];
    const { plane, nodeName, sidecarSocket } = this;
    if (name === 'controller') {
      return [process.execPath, ...common, '--kubeconfig', plane.kubeconfig(CONTROLLER_USER)];
    }
    if (name === 'agent') {
      const own = ['--kubeconfig', plane.kubeconfig(AGENT_USER), '--node-name', nodeName];
      return [process.execPath, ...common, ...own, '--sidecar-socket', sidecarSocket];
    }
    return this.node.enter(process.execPath, [...common, '--socket', sidecarSocket]);
  }

  #process(name: ProcessName): OwnedProcess {
    const running = this.#running.get(name);
    if (running === undefined) throw new Error(`${name} is not running.`);
    return running;
  }

  /** The address of the newest start, from the line that each start logs. */
  #healthUrl(name: ProcessName): string | undefined {
    const log = this.log(name).slice(this.#logStart.get(name));
    return /"health":"([^"]+)"/.exec(log)?.[1];
  }

  async #isReady(name: ProcessName): Promise<boolean> {
    // It may be killed while it is asked.
    return this.#ask(name, '/readyz').then(
      ({ ok }) => ok,
      () => false,
    );
  }

  async #ask(name: ProcessName, path: string): Promise<{ ok: boolean; text: string }> {
    const url = `${this.#healthUrl(name)}${path}`;
    // The sidecar's loopback is its node's.
    if (name === 'sidecar') {
      const [status = '', ...text] = (await this.node.exec(process.execPath, ['-e', ASK, url])).split('\n');
      return { ok: status === '200', text: text.join('\n') };
    }
    // Not on a connection of before, which the server may just be closing.
    const headers = { connection: 'close' };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
    return { ok: response.ok, text: await response.text() };
  }
}
