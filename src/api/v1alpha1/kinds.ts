import type { Manifest, NamespacedMeta, ObjectMeta, ResourceType, Stored } from '../metadata.ts';
import type { RouterSpec } from './router.ts';
import type { RouterProfileSpec, RouterProfileStatus } from './router-profile.ts';
import type { RouterStatus } from './router-status.ts';
import type { TenantTunnelSpec, TenantTunnelSpecWritten, TenantTunnelStatus } from './tenant-tunnel.ts';
import type { TunnelClassSpec } from './tunnel-class.ts';
import type { TunnelClassStatus } from './tunnel-class-status.ts';

export const GROUP = 'vpn.traidnet.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** How tunnels are made: pools, ports, endpoint, gateways. Cluster-scoped. */
export type TunnelClass = Stored<'TunnelClass', ObjectMeta, TunnelClassSpec, TunnelClassStatus>;
/** One tenant's tunnel. */
export type TenantTunnel = Stored<'TenantTunnel', NamespacedMeta, TenantTunnelSpec, TenantTunnelStatus>;
/** One MikroTik router. */
export type Router = Stored<'Router', NamespacedMeta, RouterSpec, RouterStatus>;
/** What a router is configured to. */
export type RouterProfile = Stored<'RouterProfile', NamespacedMeta, RouterProfileSpec, RouterProfileStatus>;

export type TenantTunnelManifest = Manifest<'TenantTunnel', TenantTunnelSpecWritten>;

export const TUNNEL_CLASSES: ResourceType<TunnelClass> = {
  group: GROUP,
  version: VERSION,
  plural: 'tunnelclasses',
  kind: 'TunnelClass',
  namespaced: false,
};

export const TENANT_TUNNELS: ResourceType<TenantTunnel> = {
  group: GROUP,
  version: VERSION,
  plural: 'tenanttunnels',
  kind: 'TenantTunnel',
  namespaced: true,
};

export const ROUTERS: ResourceType<Router> = {
  group: GROUP,
  version: VERSION,
  plural: 'routers',
  kind: 'Router',
  namespaced: true,
};

export const ROUTER_PROFILES: ResourceType<RouterProfile> = {
  group: GROUP,
  version: VERSION,
  plural: 'routerprofiles',
  kind: 'RouterProfile',
  namespaced: true,
};
