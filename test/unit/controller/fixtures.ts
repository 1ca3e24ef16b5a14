import { type AddressClaim, BLOCK_ADDRESSES, type TunnelEntry } from '../../../src/allocation/index.ts';
import {
  API_VERSION,
  DEFAULT_CLASS_ANNOTATION,
  type Router,
  type RouterStatus,
  type TenantTunnel,
  type TunnelClass,
} from '../../../src/api/index.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import { type RouterSpecWritten, routerSpec } from '../../../src/api/v1alpha1/router.ts';
import { type TenantTunnelSpecWritten, tenantTunnelSpec } from '../../../src/api/v1alpha1/tenant-tunnel.ts';
import { type TunnelClassSpecWritten, tunnelClassSpec } from '../../../src/api/v1alpha1/tunnel-class.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';

export const NOW = Date.parse('2026-01-02T03:04:05Z');

function metadata<Name extends string>(key: Name) {
  const [namespace = '', name = ''] = key.split('/');
  return {
    namespace,
    name,
    uid: `uid-of-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
}

export const router = (
  key: string,
  spec: RouterSpecWritten,
  more: { status?: RouterStatus; metadata?: Partial<Router['metadata']> } = {},
): Router => ({
  apiVersion: API_VERSION,
  kind: 'Router',
  metadata: { ...metadata(key), ...more.metadata },
  spec: withDefaults(routerSpec, spec),
  ...(more.status && { status: more.status }),
});

export const tunnel = (
  key: string,
  spec: TenantTunnelSpecWritten = {},
  more: { status?: TenantTunnel['status']; metadata?: Partial<TenantTunnel['metadata']> } = {},
): TenantTunnel => ({
  apiVersion: API_VERSION,
  kind: 'TenantTunnel',
  metadata: { ...metadata(key), ...more.metadata },
  spec: withDefaults(tenantTunnelSpec, spec),
  ...(more.status && { status: more.status }),
});

export const tunnelClass = (
  name: string,
  spec: Partial<TunnelClassSpecWritten> = {},
  more: { isDefault?: boolean; creationTimestamp?: string } = {},
): TunnelClass => {
  const { namespace: _, ...meta } = metadata(`/${name}`);
  return {
    apiVersion: API_VERSION,
    kind: 'TunnelClass',
    metadata: {
      ...meta,
      ...(more.creationTimestamp && { creationTimestamp: more.creationTimestamp }),
      ...(more.isDefault && { annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } }),
    },
    spec: withDefaults(tunnelClassSpec, { endpoint: { host: 'vpn.example.com' }, ...spec }),
  };
};

export const tunnelEntry = (more: Partial<TunnelEntry> = {}): TunnelEntry => ({
  index: 0,
  tenant: 'acme',
  owner: 'a/acme',
  className: 'standard',
  subnet: '10.100.0.0/16',
  listenPort: 51_820,
  ...generateKeyPair(),
  ...more,
});

export const claim = (
  owner: string,
  offset = 1,
  more: Partial<AddressClaim['entry']> = {},
): AddressClaim => ({
  tunnel: 0,
  block: 1,
  address: `10.100.1.${offset % BLOCK_ADDRESSES}`,
  entry: {
    offset,
    owner,
    ...generateKeyPair(),
    access: { user: 'tenant-tunnel', password: `password of ${owner}`, apiPort: 8728 },
    ...more,
  },
});
