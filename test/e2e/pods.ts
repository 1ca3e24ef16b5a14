import type { Kubernetes } from '../testbed/kubernetes/index.ts';
import { SYSTEM_NAMESPACE } from '../testbed/system.ts';
import { waitFor } from '../testbed/wait.ts';

export type Component = 'controller' | 'gateway';

export interface ContainerView {
  name: string;
  /** The runtime's; empty before it was made. */
  id: string;
  restarts: number;
  ready: boolean;
}

export interface PodView {
  name: string;
  uid: string;
  node: string;
  ready: boolean;
  /** Its deletion has begun. */
  ending: boolean;
  containers: ContainerView[];
}

interface PodObject {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  spec: { nodeName?: string; containers: { name: string }[] };
  status?: {
    conditions?: { type: string; status: string }[];
    containerStatuses?: { name: string; containerID?: string; restartCount: number; ready: boolean }[];
  };
}

/** The operator's pods of a component, as the API server has them now. */
export async function podsOf(cluster: Kubernetes, component: Component): Promise<PodView[]> {
  const selector = encodeURIComponent(`app.kubernetes.io/component=${component}`);
  const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods?labelSelector=${selector}`;
  const items: PodObject[] = (await cluster.request('GET', path)).json().items;
  return items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName ?? '',
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    ending: metadata.deletionTimestamp !== undefined,
    containers: (status?.containerStatuses ?? []).map((one) => ({
      name: one.name,
      id: one.containerID?.replace(/^.*:\/\//, '') ?? '',
      restarts: one.restartCount,
      ready: one.ready,
    })),
  }));
}

/** The one gateway pod that lives on a node. @throws when there is not exactly one */
export async function gatewayPod(cluster: Kubernetes, node: string): Promise<PodView> {
  const pods = (await podsOf(cluster, 'gateway')).filter((pod) => pod.node === node && !pod.ending);
  const [pod] = pods;
  if (pod === undefined || pods.length > 1) throw new Error(`${pods.length} gateway pods live on ${node}.`);
  return pod;
}

/** Waits until each of `count` pods of a component is Ready and none is ending. */
export async function untilReady(
  cluster: Kubernetes,
  component: Component,
  count: number,
  limitMs = 90_000,
): Promise<void> {
  await waitFor(
    `${count} ${component} pods are Ready`,
    async () => {
      const pods = await podsOf(cluster, component);
      return pods.length === count && pods.every((pod) => pod.ready && !pod.ending);
    },
    limitMs,
  );
}

/** Processes of a container as its node counts them, the first of them first. */
export async function processesOf(
  cluster: Kubernetes,
  pod: PodView,
  container: string,
): Promise<{ pid: number; name: string }[]> {
  const id = pod.containers.find(({ name }) => name === container)?.id;
  if (id === undefined || id === '') throw new Error(`${pod.name} has no running container ${container}.`);
  const script = `for p in $(grep -ls -- "$1" /proc/[0-9]*/cgroup | cut -d/ -f3)
do echo "$p $(tr -d '\\0' < /proc/$p/comm)"; done`;
  const shown = await cluster.nodeExec(pod.node, ['sh', '-c', script, 'sh', id]);
  return shown
    .split('\n')
    .map((line) => /^(\d+) (.+)$/.exec(line))
    .flatMap((found) => (found === null ? [] : [{ pid: Number(found[1]), name: found[2] ?? '' }]))
    .sort((a, b) => a.pid - b.pid);
}

/** The first process of a container. */
export async function mainProcess(cluster: Kubernetes, pod: PodView, container: string): Promise<number> {
  const [first] = await processesOf(cluster, pod, container);
  if (first === undefined) throw new Error(`Container ${container} of ${pod.name} runs no process.`);
  return first.pid;
}

/** SIGKILL, as when memory runs out. */
export async function killOnNode(cluster: Kubernetes, node: string, pids: readonly number[]): Promise<void> {
  await cluster.nodeExec(node, ['sh', '-c', 'kill -9 "$@"', 'sh', ...pids.map(String)]);
}
