/** A real Kubernetes on this machine: control plane, controllers, and nodes that run pods. */
import { basename, join } from 'node:path';
import { ensureNodeBinaries, type NodeBinaries } from '../binaries.ts';
import { startControlPlane } from '../control-plane.ts';
import { type OwnedDirectory, ownedDirectory } from '../lifetime.ts';
import { createTestNetwork, type NetworkHost, type TestNetwork } from '../network.ts';
import { findOnPath } from '../path.ts';
import { ensurePackages } from '../prerequisites.ts';
import { waitFor } from '../wait.ts';
import { assemble } from './assemble.ts';
import {
  CONTROLLER_MANAGER,
  clusterKubeconfig,
  nodeUser,
  PROXY,
  SCHEDULER,
  startControllers,
} from './controllers.ts';
import { PAUSE_IMAGE, PROBE_IMAGE, writeImage } from './images.ts';
import { startKind } from './kind/index.ts';
import { type NamedNode, named } from './naming.ts';
import { ClusterNode } from './node.ts';
import { podRange } from './pod-network.ts';
import { findProvider } from './provider.ts';
import { isReady } from './ready.ts';
import type { Kubernetes, KubernetesOptions } from './types.ts';

export { PROBE_IMAGE } from './images.ts';
export type * from './types.ts';

/** Starts one; every node is Ready when the promise resolves. @throws with a log's end when something does not start */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  const { progress = () => {} } = options;
  const { provider, image, obstacle } = findProvider();
  if (obstacle !== null) throw new Error(`A node cannot run here: ${obstacle}`);
  if (provider === 'kind') return startKind(options, image);
  ensurePackages(progress, 'nodes');
  const programs = await ensureNodeBinaries({ progress });
  const undo: (() => Promise<void> | void)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    return await start({ ...options, progress }, programs, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: KubernetesOptions & { progress: (line: string) => void },
  programs: NodeBinaries,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Kubernetes> {
  const say = stopwatch(options.progress);
  const wanted = named(options.nodes ?? 1);
  const network = options.network ?? (await createTestNetwork('kubernetes'));
  if (options.network === undefined) undo.push(() => network.destroy());
  const owned = ownedDirectory('kubernetes');
  undo.push(() => owned.remove());
  const host = await network.attach('control-plane');
  undo.push(() => host.detach());
  const nodes = await attachNodes(network, owned, wanted, programs);
  undo.push(async () => void (await Promise.all(nodes.map((node) => node.remove()))));
  say('network');

  const booting = Promise.all(nodes.map((node) => node.boot())).then(() => say('nodes booted'));
  // Or it would count as nobody's when the control plane fails first.
  booting.catch(() => {});
  const plane = await startControlPlane({
    users: [
      ...[CONTROLLER_MANAGER, SCHEDULER, PROXY].map((name) => ({ name })),
      ...nodes.map(({ name }) => ({ name: nodeUser(name), groups: ['system:nodes'] })),
      ...(options.users ?? []),
    ],
    audit: options.audit ?? false,
    host,
    progress: options.progress,
  });
  undo.push(() => plane.stop());
  say('API server ready');
  const controllers = await startControllers(owned.path, host.netns, plane, programs);
  undo.push(async () => void (await Promise.all(controllers.map((one) => one.kill()))));
  await booting;
  await Promise.all(
    nodes.map((node) =>
      node.join({
        caFile: plane.caFile,
        kubelet: clusterKubeconfig(plane, nodeUser(node.name)),
        kubeProxy: clusterKubeconfig(plane, PROXY),
      }),
    ),
  );
  say('kubelet and kube-proxy up');
  await waitFor('nodes Ready and namespaces furnished', () => isReady(plane, nodes.length), 90_000).catch(
    (error) => {
      const logs = nodes.map((node) => `${node.name}, kubelet:\n${node.log('kubelet').slice(-3_000)}`);
      throw new Error(`${error.message}\n${logs.join('\n')}`, { cause: error });
    },
  );
  say('nodes Ready');
  const assembled = assemble({ client: plane, nodes, helmPath: programs.helm, directory: owned.path });
  return {
    ...plane,
    ...assembled,
    nodes,
    network,
    loadImage: async (archive, names = nodes.map(({ name }) => name)) => {
      const loaded = await Promise.all(names.map((name) => assembled.node(name).importImages(archive)));
      return loaded[0] ?? [];
    },
    stop,
  };
}

/** Says what each step took. */
function stopwatch(progress: (line: string) => void): (step: string) => void {
  const began = performance.now();
  return (step) => progress(`${((performance.now() - began) / 1_000).toFixed(1).padStart(5)} s  ${step}`);
}

async function attachNodes(
  network: TestNetwork,
  owned: OwnedDirectory,
  wanted: readonly NamedNode[],
  { kubelet, kubeProxy, pause, probe }: NodeBinaries,
): Promise<ClusterNode[]> {
  const hosts: NetworkHost[] = [];
  for (const { name } of wanted) hosts.push(await network.attach(name));
  const containerd = findOnPath('containerd') as string;
  const images = [
    writeImage(owned.path, PAUSE_IMAGE, pause),
    writeImage(owned.path, PROBE_IMAGE, probe, ['serve']),
  ];
  return wanted.map(
    ({ name, labels = {}, tun = true }, at) =>
      new ClusterNode({
        name,
        labels,
        tun,
        host: hosts[at] as NetworkHost,
        pods: podRange(at),
        others: new Map(
          hosts.flatMap(({ address }, other) => (other === at ? [] : [[podRange(other), address]])),
        ),
        owner: owned.path,
        cgroup: cgroupOf(owned, name),
        programs: { containerd, kubelet, kubeProxy, pause },
        images,
      }),
  );
}

/** Below a group of the owned directory's name, so that whoever removes the directory finds it. */
const cgroupOf = (owned: OwnedDirectory, node: string): string => join(basename(owned.path), node);
