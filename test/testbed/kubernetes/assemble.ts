import { join } from 'node:path';
import type { ApiClient } from '../api-client.ts';
import { run } from '../command.ts';
import { podStats, type RunningPod } from './stats.ts';
import type { Kubernetes, KubernetesNode, RunOptions } from './types.ts';

const LONGEST_RUN_MS = 180_000;

interface Parts<Node extends KubernetesNode> {
  client: ApiClient;
  nodes: readonly Node[];
  helmPath: string;
  /** For what kubectl and helm keep. */
  directory: string;
}

type Assembled = 'nodeExec' | 'helmPath' | 'runKubectl' | 'helm' | 'stats';

/** What a Kubernetes can do with its API server and its nodes, wherever it has them from. */
export function assemble<Node extends KubernetesNode>({
  client,
  nodes,
  helmPath,
  directory,
}: Parts<Node>): Pick<Kubernetes, Assembled> & { node(name: string): Node } {
  const node = (name: string): Node => {
    const found = nodes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`There is no node ${name}.`);
    return found;
  };
  const tool = (program: string, args: readonly string[], options: RunOptions, own: Record<string, string>) =>
    run(program, args, {
      ...(options.input === undefined ? {} : { input: options.input }),
      timeoutMs: options.timeoutMs ?? LONGEST_RUN_MS,
      environment: { KUBECONFIG: client.adminKubeconfig, ...own, ...options.environment },
    });
  return {
    node,
    nodeExec: (name, [command, ...args], input) => node(name).exec(command, args, input),
    helmPath,
    runKubectl: (args, options = {}) =>
      tool(client.kubectlPath, args, options, { KUBECACHEDIR: join(directory, 'kubectl-cache') }),
    helm: (args, options = {}) =>
      tool(helmPath, args, options, {
        HELM_CACHE_HOME: join(directory, 'helm', 'cache'),
        HELM_CONFIG_HOME: join(directory, 'helm', 'config'),
        HELM_DATA_HOME: join(directory, 'helm', 'data'),
      }),
    stats: async ({ namespace, pod, node: name } = {}) => {
      const path = namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
      const { items } = (await client.request('GET', path)).json() as { items: RunningPod[] };
      const wanted = ({ metadata, spec }: RunningPod): boolean =>
        spec.nodeName !== undefined &&
        (pod === undefined || metadata.name === pod) &&
        (name === undefined || spec.nodeName === name);
      return podStats(items.filter(wanted));
    },
  };
}
