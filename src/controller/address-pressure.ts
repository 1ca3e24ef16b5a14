import { type AddressUse, isLive, type Pressure, pressureOf, type TunnelEntry } from '../allocation/index.ts';
import { DEFAULT_QUARANTINE_SECONDS } from '../api/index.ts';
import { findCondition, type ReconcileResult } from '../kube/index.ts';
import type { World } from './world.ts';

const SOONEST_MS = 1000;
/** The longest wait between two looks at a tunnel whose addresses come to their end, ms. */
const LOOK_MS = 3_600_000;

/** How full a tunnel is at present, by the quarantine of its class. */
export function addressUseOf(
  { caches, ledger }: Pick<World, 'caches' | 'ledger'>,
  entry: TunnelEntry,
): AddressUse | undefined {
  const seconds = caches.classes.get(entry.className)?.spec.quarantineSeconds ?? DEFAULT_QUARANTINE_SECONDS;
  return ledger.addressUse(entry.index, seconds);
}

const pressureIn = ({ total, taken }: AddressUse): Pressure => pressureOf(total, total - taken);

/** After a router came or went: the tunnel is looked at if somebody waits for an address, or if it has other news to tell. */
export function wakeIfPressing(world: World, index: number): void {
  const { caches, controllers, ledger, waiting } = world;
  const entry = ledger.tunnels.get(index);
  if (entry === undefined || !isLive(entry)) return;
  const use = addressUseOf(world, entry);
  const told = findCondition(caches.tunnels.get(entry.owner)?.status?.conditions, 'PoolPressure');
  const isNews = use !== undefined && pressureIn(use) !== told?.reason;
  if (isNews || waiting.count(index) > 0) controllers.tunnels.enqueue(entry.owner);
}

/** A router that the tunnel has no address for: it is woken when there is one. Answers how many wait then. */
export function waitForAddress({ controllers, waiting }: World, entry: TunnelEntry, router: string): number {
  const count = waiting.add(entry.index, router);
  if (count === 1) controllers.tunnels.enqueue(entry.owner);
  return count;
}

/**
 * Wakes as many of those that wait as there are free addresses, and tells when the tunnel is to be looked at again:
 * when the next address leaves quarantine, if somebody waits for it or has been told that few are left.
 */
export function tendWaiting(world: World, entry: TunnelEntry): ReconcileResult | undefined {
  const use = addressUseOf(world, entry);
  if (use === undefined) return undefined;
  const { waiting, controllers } = world;
  for (const router of waiting.take(entry.index, use.total - use.taken)) controllers.routers.enqueue(router);
  const isQuiet = waiting.count(entry.index) === 0 && pressureIn(use) === 'Enough';
  if (isQuiet || use.freeAt === undefined) return undefined;
  const left = use.freeAt - world.now().getTime();
  return { requeueAfterMs: Math.min(LOOK_MS, Math.max(SOONEST_MS, left)) };
}
