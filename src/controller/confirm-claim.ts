import type { AddressClaim, AddressEntry } from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { isTrue, keyOf } from '../kube/index.ts';
import type { World } from './world.ts';

/*
 * Two leaders at once, each on a ledger that does not show yet what the other gives, may give one Router two addresses or two
 * Routers one key: these stand in different objects, so that no write meets the other. Neither is told, or handed over to a
 * gateway, before it is sure.
 *
 * Of two addresses the one counts that the Router's status tells, which only one of the two can write (its resourceVersion).
 *
 * Of two claims for one key at least one leader sees both before it tells: all of the ledger comes by one watch, in the
 * order of the writes, so that whoever has seen its own claim there has seen every earlier one.
 */

/** Whether a Router's status tells this address. */
export const isToldAddress = ({ status }: Router, { address }: Pick<AddressClaim, 'address'>): boolean =>
  status?.address === address;

/** Whether a Router's status tells this key as its own. */
export const isTold = ({ status }: Router, { publicKey }: Pick<AddressEntry, 'publicKey'>): boolean =>
  status?.publicKey === publicKey && isTrue(status.conditions, 'Allocated');

/** The one that counts of all that a Router has. */
export function claimOf({ ledger }: World, router: Router): AddressClaim | undefined {
  const claims = ledger.claimsOf(keyOf(router));
  return claims.find((claim) => isToldAddress(router, claim)) ?? claims[0];
}

/** The version of its block when a claim was first looked at: what others write into the block later does not count. */
const versions = new WeakMap<AddressEntry, string>();

/** `unseen`: it must not be told yet. `contested`: it must be withdrawn, for it was or will be told of another. */
export function confirmKey(
  { caches, ledger }: World,
  router: Router,
  claim: AddressClaim,
): 'sure' | 'unseen' | 'contested' {
  const { entry, tunnel } = claim;
  const isOurs = entry.privateKey !== undefined || entry.isOwnKey === true;
  if (isOurs || isTold(router, entry)) return 'sure';
  const version = versions.get(entry) ?? ledger.versionOf(claim) ?? '';
  versions.set(entry, version);
  if (version !== '' && !caches.ledger.hasReached(version)) return 'unseen';
  return ledger.holdersOfKey(tunnel, entry.publicKey).length > 1 ? 'contested' : 'sure';
}
