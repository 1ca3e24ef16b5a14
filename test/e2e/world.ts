import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Field, type Plain } from '../processes/field.ts';
import { buildImage } from '../testbed/image.ts';
import {
  type Kubernetes,
  type KubernetesNode,
  type KubernetesOptions,
  startKubernetes,
} from '../testbed/kubernetes/index.ts';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { inSeconds, report } from './report.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'charts', 'tenant-tunnel-operator');
export const RELEASE = 'tenant-tunnel-operator';
export const CONTROLLER = 'deployment/tenant-tunnel-controller';
export const GATEWAY = 'daemonset/tenant-tunnel-gateway';

export interface ImageName {
  repository: string;
  tag: string;
}

export interface ClusterWorldOptions extends KubernetesOptions {
  namespaces: readonly string[];
}

/** A Kubernetes with real nodes that have our image, namespaces of tenants, and routers in the field outside of it. */
export class ClusterWorld extends Field {
  readonly cluster: Kubernetes;
  readonly image: ImageName;

  static async start({ namespaces, ...options }: ClusterWorldOptions): Promise<ClusterWorld> {
    const progress = (line: string) => report('testbed', line);
    const built = await buildImage({ progress });
    report(
      'image',
      `${built.name}, ${built.wasCached ? 'cached' : `built in ${built.buildSeconds.toFixed(0)} s`}`,
    );
    const began = performance.now();
    const cluster = await startKubernetes({ progress, ...options });
    try {
      report('cluster', `${cluster.nodes.length} nodes Ready after ${inSeconds(performance.now() - began)}`);
      const loading = performance.now();
      await cluster.loadImage(built.archive);
      report('image', `on all nodes after ${inSeconds(performance.now() - loading)}`);
      const world = new ClusterWorld(cluster, parseImage(built.name));
      for (const one of namespaces) await world.createNamespace(one);
      return world;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  private constructor(cluster: Kubernetes, image: ImageName) {
    super(cluster, cluster.network);
    this.cluster = cluster;
    this.image = image;
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.cluster.stop();
  }

  /** The first one. */
  get node(): KubernetesNode {
    const [node] = this.cluster.nodes;
    if (node === undefined) throw new Error('The cluster has no node.');
    return node;
  }

  /** What a person would write into a values file: the image, and where routers reach the gateway. */
  values(more: Plain = {}, image = this.image): Plain {
    return {
      image: { ...image, pullPolicy: 'IfNotPresent' },
      defaultClass: { endpoint: { host: this.node.address } },
      ...more,
    };
  }

  /** `helm install|upgrade` of the chart with these values. @throws what helm says */
  async helm(
    verb: 'install' | 'upgrade',
    { values = this.values(), chart = CHART, args = ['--wait'] as readonly string[] } = {},
  ): Promise<string> {
    const all = [verb, RELEASE, chart, '-n', SYSTEM_NAMESPACE, '-f', '-', '--timeout', '2m', ...args];
    try {
      return await this.cluster.helm(all, { input: JSON.stringify(values), timeoutMs: 180_000 });
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${await this.whatIsWrong()}`, { cause: error });
    }
  }

  /** Pods, what happened to them, and the ends of their logs: for the message of a failed test. */
  async whatIsWrong(): Promise<string> {
    const about = ['-n', SYSTEM_NAMESPACE];
    const logs = ['logs', ...about, '-l', 'app.kubernetes.io/part-of=tenant-tunnel-operator', '--prefix'];
    const commands = [
      ['get', 'pods,jobs', ...about, '-o', 'wide'],
      ['get', 'events', ...about, '--sort-by=.lastTimestamp'],
      [...logs, '--all-containers', '--tail=8', '--ignore-errors'],
    ];
    const said = await Promise.all(
      commands.map((args) => this.kubectl(args).catch((error: Error) => error.message)),
    );
    return said.join('\n');
  }

  /** The operator's namespace as docs/install.md says to make it, then the chart. */
  async install(options: Parameters<ClusterWorld['helm']>[1] = {}): Promise<string> {
    await this.makeSystemNamespace();
    return this.helm('install', options);
  }

  async makeSystemNamespace(): Promise<void> {
    await this.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name: SYSTEM_NAMESPACE,
        labels: { 'pod-security.kubernetes.io/enforce': 'privileged' },
      },
    });
  }

  kubectl(args: readonly string[], input?: string): Promise<string> {
    return this.cluster.runKubectl(args, input === undefined ? {} : { input });
  }

  /** `kubectl diff` of manifests; empty when the cluster has them just so. */
  async diff(manifests: string, args: readonly string[] = []): Promise<string> {
    // The exit code of diff would hide what it says.
    const program = join(this.cluster.directory, 'diff');
    writeFileSync(program, '#!/bin/sh\ndiff -uN "$@"\nexit 0\n', { mode: 0o755 });
    const environment = { KUBECTL_EXTERNAL_DIFF: program };
    return this.cluster.runKubectl(['diff', ...args, '-f', '-'], { input: manifests, environment });
  }

  /** Log of a container of every pod of a workload, newest lives. */
  logs(workload: string, container: string): Promise<string> {
    const selector = ['-l', `app.kubernetes.io/component=${workload}`, '--prefix', '--tail=-1'];
    return this.kubectl(['logs', '-n', SYSTEM_NAMESPACE, ...selector, '-c', container]);
  }
}

/** `localhost:5000/a/b:tag` */
export function parseImage(name: string): ImageName {
  const colon = name.lastIndexOf(':');
  return { repository: name.slice(0, colon), tag: name.slice(colon + 1) };
}
