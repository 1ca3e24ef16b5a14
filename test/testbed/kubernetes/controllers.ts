import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigText } from '../api-access.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type OwnedProcess, spawnOwned } from '../lifetime.ts';
import { inside } from '../namespaces.ts';
import { POD_RANGE } from './pod-network.ts';

/** Users whose rights every API server makes by itself (Kubernetes documentation, "Using RBAC Authorization"). */
export const CONTROLLER_MANAGER = 'system:kube-controller-manager';
export const SCHEDULER = 'system:kube-scheduler';
export const PROXY = 'system:kube-proxy';
export const nodeUser = (name: string): string => `system:node:${name}`;

/** The kubeconfig of a user for use on the test network. */
export function clusterKubeconfig(plane: ControlPlane, user: string): string {
  return kubeconfigText(plane.clusterUrl, plane.caFile, user, plane.token(user));
}

/** Starts kube-controller-manager and kube-scheduler beside the API server. */
export async function startControllers(
  directory: string,
  netns: string,
  plane: ControlPlane,
  programs: { kubeControllerManager: string; kubeScheduler: string },
): Promise<OwnedProcess[]> {
  const start = (name: string, program: string, user: string, flags: string[]): Promise<OwnedProcess> => {
    const kubeconfig = join(directory, `${name}.kubeconfig`);
    writeFileSync(kubeconfig, clusterKubeconfig(plane, user), { mode: 0o600 });
    const authority = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
    const args = [...authority.map((flag) => `--${flag}=${kubeconfig}`), '--bind-address=127.0.0.1'];
    // Nobody else is there to lead.
    const [command, ...rest] = inside(netns, program, [...args, '--leader-elect=false', ...flags]);
    return spawnOwned(directory, name, command, rest);
  };
  return Promise.all([
    start('kube-controller-manager', programs.kubeControllerManager, CONTROLLER_MANAGER, [
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${plane.serviceAccountKeyFile}`,
      `--root-ca-file=${plane.caFile}`,
      `--cluster-cidr=${POD_RANGE}`,
    ]),
    start('kube-scheduler', programs.kubeScheduler, SCHEDULER, []),
  ]);
}
