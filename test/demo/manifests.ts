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

/** For all Routers of the namespace, at once: a story has no time for a canary. */
export const profileManifest = (namespace: string): string =>
  stringify({
    apiVersion: API_VERSION,
    kind: 'RouterProfile',
    metadata: { name: 'names', namespace },
    spec: {
      selector: {},
      values: [{ name: 'domain', value: `${namespace}.example.com` }],
      resources: [
        { path: '/ip/dns', set: { servers: '9.9.9.9,149.112.112.112' } },
        {
          path: '/ip/dns/static',
          match: { name: '{{ router.name }}.{{ values.domain }}' },
          set: { address: '{{ router.address }}' },
        },
      ],
      rollout: { stages: ['100%'], bakeSeconds: 0 },
    },
  });
