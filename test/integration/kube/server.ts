import { KubeConfig } from '@kubernetes/client-node';
import {
  configMaps,
  KubeClient,
  type KubeClientOptions,
  type Logger,
  namespaces,
} from '../../../src/kube/index.ts';
import { ADMIN, type ControlPlane } from '../../testbed/control-plane.ts';

/** A client of the control plane as its admin; `url` for one that goes through a fault proxy. */
export function clientOf(cluster: ControlPlane, options: KubeClientOptions = {}, url?: string): KubeClient {
  const config = new KubeConfig();
  if (url === undefined) config.loadFromFile(cluster.adminKubeconfig);
  else {
    config.loadFromClusterAndUser(
      { name: 'proxy', server: url, skipTLSVerify: true },
      { name: ADMIN, token: cluster.token(ADMIN) },
    );
  }
  return new KubeClient(config, options);
}

/** Makes a namespace of the test's own. */
export async function makeNamespace(client: KubeClient, name: string): Promise<string> {
  await client.create(namespaces, { metadata: { name } });
  return name;
}

export function configMap(namespace: string, name: string, value: string) {
  return { metadata: { name, namespace }, data: { value } };
}

/** What is there: key → resourceVersion, all pages. */
export async function versionsOf(client: KubeClient, namespace: string): Promise<Map<string, string>> {
  const page = await client.list(configMaps, { namespace });
  return new Map(
    page.items.map(({ metadata }) => [`${namespace}/${metadata.name}`, metadata.resourceVersion ?? '']),
  );
}

/** Waits, with a generous limit, until the condition holds; the last look's failure is what is thrown. */
export async function eventually(check: () => void | Promise<void>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (true) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
