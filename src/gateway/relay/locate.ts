/** Where a target lies: pure, from what this agent knows of routers, tunnels and their nodes. */
import { Address4 } from 'ip-address';
import type { HandoverPeer, Router, TenantTunnel } from '../../api/index.ts';
import { routerKey, type Tunnel } from '../fleet.ts';
import type { DesiredPeer } from '../handover-block.ts';
import type { Target } from './target.ts';

/** What an agent knows. Keys are `namespace/name`. */
export interface Known {
  /** Where a Router's peer is, when its tunnel is on this node. */
  place(router: string): { tunnel: Tunnel; peer: DesiredPeer } | undefined;
  /** The tunnel of a TenantTunnel, when it is on this node. */
  ownedBy(tenantTunnel: string): Tunnel | undefined;
  router(key: string): Pick<Router, 'status'> | undefined;
  tenantTunnel(key: string): Pick<TenantTunnel, 'status'> | undefined;
  tunnelsOfTenant(tenant: string): readonly TenantTunnel[];
  /** Whether the tunnels that are known to be here are in this pod's hands. */
  isCarrier: boolean;
}

export type Found =
  /** In a tunnel of this node; `router` is whose right it is. */
  | { at: 'here'; interfaceName: string; address: string; router: HandoverPeer }
  /** In the tunnel of a TenantTunnel that another pod carries. */
  | { at: 'node'; node: string; tenantTunnel: string }
  /** There is none; `namespace` is where it would be, empty where that is not known. */
  | { at: 'nowhere'; namespace: string; why: string }
  /** It is there, and no tunnel leads to it now. */
  | { at: 'unreachable'; why: string };

export function locate(target: Target, known: Known): Found {
  return target.by === 'name' ? byName(target, known) : byAddress(target, known);
}

function byName({ namespace, name }: Target & { by: 'name' }, known: Known): Found {
  const key = `${namespace}/${name}`;
  const place = known.place(key);
  if (place !== undefined && known.isCarrier)
    return here(place.tunnel, place.peer.router, place.peer.router.address);
  const router = known.router(key);
  if (router === undefined) return { at: 'nowhere', namespace, why: `There is no Router ${key}.` };
  const { tunnel, phase } = router.status ?? {};
  if (phase === 'Suspended') return { at: 'unreachable', why: `Router ${key} is suspended.` };
  if (tunnel === undefined) {
    return { at: 'unreachable', why: `Router ${key} has no tunnel yet: see kubectl describe router.` };
  }
  return onNode(tunnel, known);
}

function byAddress({ address, tenant }: Target & { by: 'address' }, known: Known): Found {
  // Of several that claim a tenant one alone has a tunnel.
  const owners = known.tunnelsOfTenant(tenant);
  const owner = owners.find(({ status }) => status?.interfaceName !== undefined) ?? owners[0];
  if (owner === undefined) return { at: 'nowhere', namespace: '', why: `There is no tenant ${tenant}.` };
  const key = routerKey(owner.metadata);
  const tunnel = known.isCarrier ? known.ownedBy(key) : undefined;
  if (tunnel === undefined) return onNode(key, known);
  const router = holderOf(address, tunnel);
  if (router !== undefined) return here(tunnel, router, address);
  return {
    at: 'nowhere',
    namespace: owner.metadata.namespace,
    why: `No router of tenant ${tenant} has ${address}, and none has it behind it.`,
  };
}

function onNode(tenantTunnel: string, known: Known): Found {
  const node = known.tenantTunnel(tenantTunnel)?.status?.gateway;
  return node === undefined
    ? {
        at: 'unreachable',
        why: `TenantTunnel ${tenantTunnel} is on no node yet: see kubectl describe tenanttunnel.`,
      }
    : { at: 'node', node, tenantTunnel };
}

const here = (tunnel: Tunnel, router: HandoverPeer, address: string): Found => ({
  at: 'here',
  interfaceName: tunnel.interfaceName,
  address,
  router,
});

/** The router that has the address, or in whose networks it is: the narrowest, as WireGuard routes. */
function holderOf(address: string, { desired }: Tunnel): HandoverPeer | undefined {
  const sought = new Address4(address);
  let longest = -1;
  let holder: HandoverPeer | undefined;
  for (const { router } of desired.peers.values()) {
    if (router.address === address) return router;
    for (const network of router.allowedIPs.slice(1)) {
      if (!Address4.isValid(network)) continue;
      const candidate = new Address4(network);
      if (candidate.subnetMask <= longest || !sought.isInSubnet(candidate)) continue;
      longest = candidate.subnetMask;
      holder = router;
    }
  }
  return holder;
}
