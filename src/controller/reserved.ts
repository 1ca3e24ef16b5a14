import type { TunnelEntry } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { routersAt } from './rivals.ts';
import { tunnelOf, type World } from './world.ts';

/**
 * A Router that has an address or asks for it, and is yet to claim it: one of an existing fleet that pins it, or one
 * that the ledger has lost. Who asks for none of its own gets another meanwhile.
 */
export function reserverOf(
  world: World,
  router: Router,
  entry: TunnelEntry,
  address: string,
): Router | undefined {
  return routersAt(world, entry, address).find(
    (other) => keyOf(other) !== keyOf(router) && mayClaim(world, other, entry),
  );
}

function mayClaim(world: World, other: Router, entry: TunnelEntry): boolean {
  if (other.metadata.deletionTimestamp !== undefined) return false;
  if (world.ledger.claimsOf(keyOf(other)).some(({ tunnel }) => tunnel === entry.index)) return false;
  const looked = tunnelOf(world, other);
  return 'found' in looked && keyOf(looked.found) === entry.owner;
}
