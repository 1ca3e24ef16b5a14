import { isLive, type TunnelEntry } from '../allocation/index.ts';
import { restoreGraceSeconds } from './kept-secrets.ts';
import type { World } from './world.ts';

/**
 * The TenantTunnel of a tenant that may be on its way back, as out of a backup that brings Routers first: somebody wrote
 * it, with more than we would write in its place, and it has routers in the field, or had them a while ago.
 */
export function awaitedTunnel(world: World, tenant: string): string | undefined {
  const entry = world.ledger.tunnelOfTenant(tenant);
  return entry?.isWritten && mayComeBack(world, entry) ? entry.owner : undefined;
}

function mayComeBack(world: World, entry: TunnelEntry): boolean {
  if (isLive(entry)) return world.ledger.liveBlocks(entry.index).length > 0;
  const end = Date.parse(entry.releasedAt ?? '') + restoreGraceSeconds(world, entry.index) * 1000;
  return world.now().getTime() < end;
}
