import type { ClassProfiles, Router, TunnelClass } from '../../api/index.ts';
import { tenantOf } from '../find-tunnel.ts';
import type { World } from '../world.ts';

/** What the class of a router's tunnel says of profiles, as it is handed over to the router's gateway. */
export function classProfilesOf(
  { caches, ledger }: Pick<World, 'caches' | 'ledger'>,
  router: Router,
): ClassProfiles | undefined {
  const told = router.status?.tunnel;
  if (told === undefined || !caches.classes.list().some(namesProfiles)) return undefined;
  const tunnel = caches.tunnels.get(told);
  const entry = tunnel && ledger.tunnelOfTenant(tenantOf(tunnel));
  const tunnelClass = entry && caches.classes.get(entry.className);
  return tunnelClass && namesProfiles(tunnelClass)
    ? { class: tunnelClass.metadata.name, profiles: tunnelClass.spec.profiles ?? [] }
    : undefined;
}

export const namesProfiles = ({ spec }: Pick<TunnelClass, 'spec'>): boolean =>
  (spec.profiles ?? []).length > 0;
