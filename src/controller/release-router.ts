import { type AddressClaim, isLive, keyTaken } from '../allocation/index.ts';
import { ROUTERS, type Router } from '../api/index.ts';
import { keyOf, type ReconcileContext, type ReconcileResult } from '../kube/index.ts';
import { wakeIfPressing } from './address-pressure.ts';
import { isToldAddress } from './confirm-claim.ts';
import { restoreGraceSeconds, wakeKeptSecrets } from './kept-secrets.ts';
import { wakeRivals } from './rivals.ts';
import { isGone, LAG_MS, QUARANTINE, type World, wakeBlockHandover } from './world.ts';

/** Lets go all that a Router had which is gone. */
export async function release(
  world: World,
  key: string,
  { signal }: ReconcileContext,
): Promise<ReconcileResult | undefined> {
  const claims = world.ledger.claimsOf(key);
  if (claims.length === 0) return undefined;
  if (!(await isGone(world, ROUTERS, key, signal))) return { requeueAfterMs: LAG_MS };
  await releaseClaims(world, key, claims, true);
  return undefined;
}

export async function releaseElsewhere(world: World, router: Router, claim: AddressClaim): Promise<void> {
  const key = keyOf(router);
  if (!isToldAddress(router, claim)) return;
  // Not what it has in other tunnels: if this is an old Router of its name, the new one was given that (strayClaims).
  const elsewhere = world.ledger
    .claimsOf(key)
    .filter(({ tunnel, address }) => tunnel === claim.tunnel && address !== claim.address);
  await releaseClaims(world, key, elsewhere, false);
}

/** Lets go what another has as well. One that has been told an address keeps it, and is only refused the key. */
export async function withdraw(world: World, router: Router, claim: AddressClaim): Promise<never> {
  const key = keyOf(router);
  const { publicKey } = claim.entry;
  const other = world.ledger.holdersOfKey(claim.tunnel, publicKey).find((owner) => owner !== key);
  if (router.status?.address === undefined) await releaseClaims(world, key, [claim], false);
  throw keyTaken(publicKey, other);
}

/** `isDeleted`: it may come back, as out of a backup, and then has what it had. */
export async function releaseClaims(
  world: World,
  key: string,
  claims: readonly AddressClaim[],
  isDeleted: boolean,
): Promise<void> {
  for (const claim of claims) {
    const keepSecrets = isDeleted && restoreGraceSeconds(world, claim.tunnel) > 0;
    await world.ledger.releaseAddress(key, claim, { keepSecrets, isSeen: true });
    if (keepSecrets) wakeKeptSecrets(world, claim.tunnel);
    wakeBlockHandover(world, claim.tunnel, claim.block);
    wakeIfPressing(world, claim.tunnel);
    // A tunnel that was let go before its last router waits for nothing else.
    const tunnel = world.ledger.tunnels.get(claim.tunnel);
    if (tunnel !== undefined && !isLive(tunnel)) world.controllers.quarantine.enqueue(QUARANTINE);
    wakeRivals(world, claim);
  }
}
