import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { ProcessError } from '../process/index.ts';

const refuse = (message: string, cause?: unknown): never => {
  throw new ProcessError('InvalidConfiguration', message, { cause });
};

/**
 * How to reach the API server: from a kubeconfig, else as a pod by its service account.
 *
 * @throws ProcessError InvalidConfiguration
 */
export function loadKubeConfig(file: string | undefined, environment = process.env): KubeConfig {
  const config = new KubeConfig();
  if (file === undefined) {
    if (environment.KUBERNETES_SERVICE_HOST === undefined) {
      return refuse('This is no pod of a cluster: name a kubeconfig with --kubeconfig or TTO_KUBECONFIG.');
    }
    config.loadFromCluster();
    return config;
  }
  if (!existsSync(file)) return refuse(`--kubeconfig: there is no file ${file}.`);
  try {
    config.loadFromFile(file);
  } catch (cause) {
    return refuse(`--kubeconfig: ${file} cannot be read as a kubeconfig.`, cause);
  }
  if (config.getCurrentCluster() === null || config.getCurrentUser() === null) {
    return refuse(`--kubeconfig: the current context of ${file} names no cluster or no user that is there.`);
  }
  return config;
}
