import { API_VERSION } from '../src/api/index.ts';

export const GROUP = 'vpn.traidnet.io';
/** The same kinds under another group, which no controller watches: what the floor writes. */
export const FLOOR_GROUP = 'floor.traidnet.io';
export const FLOOR_VERSION = `${FLOOR_GROUP}/v1alpha1`;

export const routersPath = (namespace: string, group = GROUP): string =>
  `/apis/${group}/v1alpha1/namespaces/${namespace}/routers`;

export const tunnelsPath = (namespace: string, group = GROUP): string =>
  `/apis/${group}/v1alpha1/namespaces/${namespace}/tenanttunnels`;

/**
 * A Router as a person writes it, of the tenant that its namespace is named after. Nobody logs in to it: there is no
 * RouterOS here.
 */
export const router = (name: string, tenant: string, apiVersion = API_VERSION): object => ({
  apiVersion,
  kind: 'Router',
  metadata: { name },
  spec: { tenant, autoConfiguration: { enabled: false } },
});

/** The TenantTunnel that the operator makes for it. */
export const tunnel = (tenant: string, apiVersion = API_VERSION): object => ({
  apiVersion,
  kind: 'TenantTunnel',
  metadata: { name: tenant },
  spec: { tenant },
});

export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(5, '0')}`);
