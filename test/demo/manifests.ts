import { stringify } from 'yaml';
import { API_VERSION, DEFAULT_CLASS_ANNOTATION } from '../../src/api/index.ts';

/** What the person of the story applies. */
export const namespaceAndClass = (namespaces: readonly string[], endpointHost: string): string =>
  [
    ...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    {
      apiVersion: API_VERSION,
      kind: 'TunnelClass',
      metadata: { name: 'standard', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
      spec: { endpoint: { host: endpointHost } },
    },
  ]
    .map((object) => stringify(object))
    .join('---\n');

export const routerManifest = (tenant: string, name: string, identity: string): string =>
  stringify({
    apiVersion: API_VERSION,
    kind: 'Router',
    metadata: { name, namespace: tenant },
    spec: { tenant, identity },
  });
