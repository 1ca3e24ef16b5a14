/** What kind is told, and what it calls things. */
import { stringify } from 'yaml';
import type { NodeOptions } from '../types.ts';

/** Where the control plane's container has the directory with files for its API server. */
export const FILES_DIRECTORY = '/etc/kubernetes/testbed';

export interface KindPlan {
  /** Workers. Beside them there is a control plane, which takes no pods of ours and may not lose its power. */
  nodes: readonly (NodeOptions & { name: string })[];
  /** Directory of this machine that is {@link FILES_DIRECTORY} there. */
  files: string;
  /** Of kube-apiserver, without `--`. */
  apiServerFlags: Record<string, string>;
  /** Whether this machine has cgroup version 2. */
  isUnified: boolean;
}

export function kindConfiguration({ nodes, files, apiServerFlags, isUnified }: KindPlan): string {
  const directory = { hostPath: FILES_DIRECTORY, mountPath: FILES_DIRECTORY, pathType: 'Directory' };
  const patches = [
    {
      kind: 'ClusterConfiguration',
      // A map, without an apiVersion: kind makes of it what the version of kubeadm takes.
      apiServer: { extraArgs: apiServerFlags, extraVolumes: [{ name: 'testbed', ...directory }] },
    },
    ...(isUnified ? [] : [{ kind: 'KubeletConfiguration', failCgroupV1: false }]),
  ];
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    kubeadmConfigPatches: patches.map((patch) => stringify(patch)),
    nodes: [
      { role: 'control-plane', extraMounts: [{ hostPath: files, containerPath: FILES_DIRECTORY }] },
      ...nodes.map(({ name, labels = {} }) => ({
        role: 'worker',
        labels,
        // Or the Node would be called as its container is. That stays the host's name, by which kindnet tells which pods
        // are its own: NetworkPolicies do not hold on these nodes.
        kubeadmConfigPatches: [stringify({ kind: 'JoinConfiguration', nodeRegistration: { name } })],
      })),
    ],
  });
}

export const controlPlaneContainer = (cluster: string): string => `${cluster}-control-plane`;

/** The container of the node at this place, counted from 0. */
export const workerContainer = (cluster: string, index: number): string =>
  `${cluster}-worker${index === 0 ? '' : index + 1}`;
