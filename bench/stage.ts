import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { API_VERSION, DEFAULT_CLASS_ANNOTATION } from '../src/api/index.ts';
import { microTime } from '../src/kube/index.ts';
import {
  AGENT_USER,
  CONTROLLER_USER,
  type ControlPlane,
  startControlPlane,
} from '../test/testbed/control-plane.ts';
import { type OwnedDirectory, ownedDirectory, spawnOwned } from '../test/testbed/lifetime.ts';
import { GATEWAY_NAMESPACE, SYSTEM_NAMESPACE } from '../test/testbed/system.ts';
import { Bare } from './bare.ts';
import { builtProgram, ENVIRONMENT, V8_FLAGS } from './image-settings.ts';
import { FLOOR_GROUP, GROUP } from './manifests.ts';
import { RunningProcess } from './running-process.ts';

const ROOT = join(import.meta.dirname, '..');
export const NODE = 'gateway-1';
/** Files of crds/ whose kinds the floor writes, too. */
const FLOOR_KINDS = ['routers', 'tenanttunnels'];

export interface Kept {
  metadata: { name: string };
  data?: Record<string, string>;
}

/** A control plane with one gateway node that says it is alive, one default class, and the floor's kinds. */
export class Stage {
  readonly plane: ControlPlane;
  readonly bare: Bare;
  readonly directory: OwnedDirectory;
  readonly #program = builtProgram();

  static async start(classSpec: object = {}): Promise<Stage> {
    const plane = await startControlPlane({ isThrifty: true });
    await plane.install();
    const stage = new Stage(plane);
    for (const plural of FLOOR_KINDS) stage.#installFloor(plural);
    await stage.#addNode();
    await stage.bare.send('POST', `/apis/${GROUP}/v1alpha1/tunnelclasses`, {
      apiVersion: API_VERSION,
      kind: 'TunnelClass',
      metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
      spec: { endpoint: { host: 'vpn.example.com' }, ...classSpec },
    });
    return stage;
  }

  private constructor(plane: ControlPlane) {
    this.plane = plane;
    this.bare = new Bare(plane);
    this.directory = ownedDirectory('bench');
  }

  async addNamespaces(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await this.bare.send('POST', '/api/v1/namespaces', namespace);
    }
  }

  /** The real process, as it runs in a cluster but for the leader election. */
  startController(): Promise<RunningProcess> {
    return this.#start('controller', CONTROLLER_USER, ['--leader-elect=false']);
  }

  startAgent(sidecarSocket: string): Promise<RunningProcess> {
    return this.#start('agent', AGENT_USER, [`--node-name=${NODE}`, `--sidecar-socket=${sidecarSocket}`]);
  }

  /** What the operator keeps of its fleet. */
  async kept(kind: 'secrets' | 'configmaps'): Promise<Kept[]> {
    const lists = [SYSTEM_NAMESPACE, GATEWAY_NAMESPACE].map((namespace) =>
      this.bare.send('GET', `/api/v1/namespaces/${namespace}/${kind}`),
    );
    return (await Promise.all(lists)).flatMap((text) => JSON.parse(text).items);
  }

  /** etcd's file, MiB: with all that it has not compacted yet. */
  async databaseMiB(): Promise<number> {
    const line = /^apiserver_storage_size_bytes\{[^}]*\} (\S+)$/m.exec(await this.plane.metrics());
    return Number(line?.[1]) / 2 ** 20;
  }

  async stop(): Promise<void> {
    await this.bare.close();
    await this.plane.stop();
    this.directory.remove();
  }

  async #start(name: string, user: string, flags: string[]): Promise<RunningProcess> {
    const address = `127.0.0.1:${await freePort()}`;
    const argv = [
      ...V8_FLAGS,
      this.#program,
      name,
      `--kubeconfig=${this.plane.kubeconfig(user)}`,
      '--log-level=warn',
      `--metrics-address=${address}`,
      ...flags,
    ];
    const owned = await spawnOwned(this.directory.path, name, process.execPath, argv, ENVIRONMENT);
    const running = new RunningProcess(owned, `http://${address}`);
    await running.untilReady();
    return running;
  }

  #installFloor(plural: string): void {
    const crd = parse(readFileSync(join(ROOT, 'crds', `${plural}.${GROUP}.yaml`), 'utf8'));
    crd.metadata.name = `${plural}.${FLOOR_GROUP}`;
    crd.spec.group = FLOOR_GROUP;
    this.plane.kubectl(['apply', '--server-side', '-f', '-'], stringify(crd));
    this.plane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${crd.metadata.name}`]);
  }

  async #addNode(): Promise<void> {
    await this.bare.send('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE },
    });
    const now = microTime(Date.now());
    await this.bare.send('POST', `/apis/coordination.k8s.io/v1/namespaces/${GATEWAY_NAMESPACE}/leases`, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: `gateway-${NODE}`, labels: { 'vpn.traidnet.io/gateway': NODE } },
      spec: { holderIdentity: NODE, leaseDurationSeconds: 36_000, renewTime: now, acquireTime: now },
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
