import type { AddressClaim, TunnelEntry } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { tenantOf, tunnelRefKey } from './find-tunnel.ts';
import type { World } from './world.ts';

/** What a Router calls the tunnel that it joins: by its tenant, or by its name. */
export function tunnelName(router: Router): string {
  const key = tunnelRefKey(router);
  return key === undefined ? byTenant(router.spec.tenant ?? '') : byName(key);
}

const byTenant = (tenant: string): string => `tenant ${tenant}`;
const byName = (key: string): string => `tunnel ${key}`;

/** All that Routers may call a tunnel. */
export const tunnelNames = ({ tenant, owner }: Pick<TunnelEntry, 'tenant' | 'owner'>): string[] => [
  byTenant(tenant),
  byName(owner),
];

/** All names of the tunnel that Routers call by this one. */
export function aliasesOf({ ledger }: Pick<World, 'ledger'>, name: string): string[] {
  const [kind, what = ''] = name.split(' ');
  const tunnels = kind === 'tenant' ? [ledger.tunnelOfTenant(what)] : ledger.tunnelsOwnedBy(what);
  return [...new Set([name, ...tunnels.flatMap((tunnel) => (tunnel ? tunnelNames(tunnel) : []))])];
}

/** Keys of the index `address`. An address says something inside of its tunnel alone: subnets may be equal. */
export function addressKeys(router: Router): string[] {
  const { spec, status } = router;
  const addresses = [spec.address, status?.address].filter((address) => address !== undefined);
  return [...new Set(addresses)].map((address) => `${tunnelName(router)} ${address}`);
}

/** Routers of a tunnel that have an address or ask for it. */
export function routersAt(
  { caches }: Pick<World, 'caches'>,
  tunnel: Pick<TunnelEntry, 'tenant' | 'owner'>,
  address: string,
): Router[] {
  return tunnelNames(tunnel).flatMap((name) => caches.routers.byIndex('address', `${name} ${address}`));
}

/** Keys of Routers that want the key or the address that this one has or asks for. */
export function rivalsOf(world: World, router: Router): string[] {
  const { spec, status } = router;
  const keys = [spec.publicKey, status?.publicKey].filter((key) => key !== undefined);
  const addresses = [spec.address, status?.address].filter((address) => address !== undefined);
  const tunnel = tunnelJoinedBy(world, router);
  return [
    ...keys.flatMap((key) => world.caches.routers.byIndex('publicKey', key)),
    ...(tunnel === undefined ? [] : addresses.flatMap((address) => routersAt(world, tunnel, address))),
  ].map(keyOf);
}

/** Routers that want the key or the address which this claim no longer has. */
export function wakeRivals(world: World, { entry, address, tunnel }: AddressClaim): void {
  const { caches, controllers, ledger } = world;
  const record = ledger.tunnels.get(tunnel);
  for (const rival of [
    ...caches.routers.byIndex('publicKey', entry.publicKey),
    ...(record === undefined ? [] : routersAt(world, record, address)),
  ]) {
    controllers.routers.enqueue(keyOf(rival));
  }
}

function tunnelJoinedBy({ caches, ledger }: World, router: Router) {
  const { tenant } = router.spec;
  const key = tunnelRefKey(router);
  if (key === undefined) return tenant === undefined ? undefined : ledger.tunnelOfTenant(tenant);
  const tunnel = caches.tunnels.get(key);
  return tunnel && ledger.tunnelOfTenant(tenantOf(tunnel));
}
