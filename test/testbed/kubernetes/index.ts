/** A real Kubernetes on this machine: control plane, controllers, and nodes that run pods. */
import type { Kubernetes, KubernetesOptions } from './types.ts';

export type * from './types.ts';

/** Starts one; every node is Ready when the promise resolves. @throws with a log's end when something does not start */
export async function startKubernetes(_options: KubernetesOptions = {}): Promise<Kubernetes> {
  throw new Error('Not there yet.');
}
