import { type AddressClaim, isLive, isSetUpWithout6, routerAddress6 } from '../allocation/index.ts';
import type { Router, TenantTunnel } from '../api/index.ts';
import { findCondition, isTrue, keyOf, type Reconcile, type ReconcileContext } from '../kube/index.ts';
import { waitForAddress, wakeIfPressing } from './address-pressure.ts';
import { claimOf, confirmKey, isTold } from './confirm-claim.ts';
import { createTunnel } from './create-tunnel.ts';
import { scriptHost } from './endpoint/host.ts';
import { classOf } from './find-class.ts';
import { type Refusal, tenantOf } from './find-tunnel.ts';
import { provenSecrets } from './proven-passwords.ts';
import { refusalOf } from './refusal.ts';
import { release, releaseClaims, releaseElsewhere, withdraw } from './release-router.ts';
import { rememberedOf } from './remember-router.ts';
import { wakeRivals } from './rivals.ts';
import { claimAddress } from './router-claim.ts';
import { scriptOf } from './router-script.ts';
import type { RouterOutcome } from './router-status.ts';
import { type SubnetGrant, subnetsOf } from './router-subnets.ts';
import { isCurrent, losesKey, strayClaims } from './stray-claims.ts';
import { LAG_MS, tunnelOf, type World, wakeBlockHandover } from './world.ts';
import { writeRouterStatus } from './write-router-status.ts';

/** How often a refusal is looked at again that no watch may bring back (a quarantine or a quota that ends), ms. */
const LOOK_AGAIN_MS = 120_000;
/** Soon enough to go with the others of its block, ms. */
const DUE_MS = 50;
/** Routers without an address of which an Event tells; ten thousand would push out those of others. */
const TOLD = 25;
/** None has this index. */
const NO_TUNNEL = -1;

/** Router → its claim in the ledger → its status. The gateway's part follows from the ledger (reconcile-handover). */
export const reconcileRouter =
  (world: World): Reconcile =>
  async (key, context) => {
    world.waiting.remove(key);
    const router = world.caches.routers.get(key);
    if (router === undefined || router.metadata.deletionTimestamp !== undefined) {
      return release(world, key, context);
    }
    const stray = strayClaims(world, router);
    const takes = stray.length > 0 || losesKey(world, router);
    if (takes && !(await isCurrent(world, router, context.signal))) return { requeueAfterMs: LAG_MS };
    await releaseClaims(world, key, stray, true);
    const outcome = await decide(world, router, context);
    if (outcome.kind === 'later')
      return outcome.ms === undefined ? undefined : { requeueAfterMs: outcome.ms };
    await writeRouterStatus(world, router, outcome, context);
    const { waitMs, isDue } = provenSecrets(world, router);
    // Its time has come since `decide` looked, and nothing else would bring it back.
    const againMs = waitMs ?? (isDue && outcome.kind === 'granted' ? DUE_MS : undefined);
    if (outcome.kind !== 'refused') return againMs === undefined ? undefined : { requeueAfterMs: againMs };
    // The tunnel wakes it when an address comes free.
    return outcome.refusal.reason === 'AddressPoolExhausted' ? undefined : { requeueAfterMs: LOOK_AGAIN_MS };
  };

/** Nothing is to be said yet: what comes next wakes this router again, at the latest after `ms`. */
type Later = { kind: 'later'; ms?: number };

async function decide(
  world: World,
  router: Router,
  context: ReconcileContext,
): Promise<RouterOutcome | Later> {
  const key = keyOf(router);
  const held = claimOf(world, router);
  const refused = (refusal: Refusal): Extract<RouterOutcome, { kind: 'refused' }> => {
    const claim = claimOf(world, router);
    const isLetGo = wasLetGo(world, router);
    return { kind: 'refused', refusal, ...(claim && { claim }), ...(isLetGo && { isLetGo }) };
  };
  const looked = tunnelOf(world, router);
  if ('create' in looked) {
    const refusal = await createTunnel(world, router, looked.create, context);
    // The tunnel wakes its routers; one of another tenant that has taken the name does not.
    return refusal === undefined || router.status?.script !== undefined
      ? { kind: 'later', ms: refusal === undefined ? LAG_MS : LOOK_AGAIN_MS }
      : refused(refusal);
  }
  if ('refused' in looked) {
    if (held !== undefined) wakeBlockHandover(world, held.tunnel, held.block);
    // What it was told stays, unless it was given another key in the last moment.
    const isAsTold = held === undefined || held.entry.publicKey === router.status?.publicKey;
    return looked.isAwaited && wasGiven(router) && isAsTold
      ? { kind: 'later', ms: LOOK_AGAIN_MS }
      : refused(looked.refused);
  }
  const tunnel = looked.found;
  const unreadable = world.ledger.unreadable(tenantOf(tunnel));
  if (unreadable !== undefined) {
    // What a router was given is still true; only one that waits has to be told why.
    return wasGiven(router) ? { kind: 'kept' } : refused({ reason: 'LedgerUnreadable', message: unreadable });
  }
  const entry = world.ledger.tunnelOfTenant(tenantOf(tunnel));
  if (entry === undefined || !isLive(entry)) return waitingFor(world, router, tunnel);
  const networks = (claim: AddressClaim | undefined): SubnetGrant => {
    const subnets = subnetsOf(world, router, entry);
    const isNews = subnets.granted.join() !== (router.status?.subnets ?? []).join();
    if (claim !== undefined && isNews) wakeBlockHandover(world, claim.tunnel, claim.block);
    return subnets;
  };
  if (entry.owner !== keyOf(tunnel)) return waitingFor(world, router, tunnel, networks(held));
  const found = classOf(tunnel, entry, world.caches.classes.list());
  if ('refused' in found)
    return wasGiven(router) ? { kind: 'kept', subnets: networks(held) } : refused(found.refused);
  if (scriptHost(found.found, entry, tunnel) === undefined)
    return wasGiven(router) ? { kind: 'kept', subnets: networks(held) } : withoutEndpoint(tunnel);
  const grant = { entry, tunnel, tunnelClass: found.found };
  let isRenewed = false;
  const granted = (claim: AddressClaim, objection?: Refusal): RouterOutcome => {
    const address6 = routerAddress6(entry, claim);
    const six = address6 && { address6, ...(isSetUpWithout6(entry, claim) && { lacks6: true as const }) };
    const inside = { claim, tunnel, subnets: networks(claim), ...six };
    const given = { ...inside, ...(objection && { objection }) };
    return claim.entry.recovered?.keyLost
      ? { kind: 'recovered', ...given }
      : { kind: 'granted', ...given, script: scriptOf(router, { ...grant, claim }), isRenewed };
  };
  try {
    const remembered = await rememberedOf(world, router, grant, context.signal);
    const { proven, madeKey } = provenSecrets(world, router);
    const claim = await claimAddress(world, router, grant, { remembered, proven, madeKey });
    isRenewed = isFresh(router, held, claim);
    if (held?.entry !== claim.entry) wakeAfterClaim(world, held, claim);
    await releaseElsewhere(world, router, claim);
    const sureness = confirmKey(world, router, claim);
    if (sureness === 'unseen') return untilSeen(world, claim, context);
    if (sureness === 'contested') await withdraw(world, router, claim);
    if (router.spec.publicKey !== undefined && !isTold(router, claim.entry))
      wakeAfterClaim(world, held, claim);
    return granted(claim);
  } catch (error) {
    const refusal = refusalOf(error, 'Router');
    if (refusal === undefined) throw error;
    if (refusal.reason === 'AddressPoolExhausted') {
      const isOneOfMany = waitForAddress(world, entry, key) > TOLD;
      return { ...refused(refusal), ...(isOneOfMany && { isOneOfMany }) };
    }
    return refusal.reason === 'AddressChanged' && held?.tunnel === entry.index
      ? granted(held, refusal)
      : refused(refusal);
  }
}

/** Whether the script is one that was asked for and is not told yet; a write of it that was refused is tried again. */
function isFresh({ spec, status }: Router, held: AddressClaim | undefined, { entry }: AddressClaim): boolean {
  if (held !== undefined && held.entry.renewed !== entry.renewed) return true;
  const { publicKey } = status ?? {};
  const isUntold = publicKey !== undefined && publicKey !== entry.publicKey;
  return entry.renewed !== undefined && spec.publicKey === undefined && isUntold;
}

/** Of a router that the ledger took over there may be no script. */
const wasGiven = ({ status }: Router): boolean =>
  status?.script !== undefined || (status?.address !== undefined && isTrue(status.conditions, 'Allocated'));

function waitingFor(
  world: World,
  router: Router,
  tunnel: TenantTunnel,
  subnets?: SubnetGrant,
): RouterOutcome | Later {
  const condition = findCondition(tunnel.status?.conditions, 'Allocated');
  // A tunnel that is just being allocated wakes its routers in a moment: no write for that.
  if (condition?.status !== 'False') return { kind: 'later' };
  const isLetGo = wasLetGo(world, router);
  if (wasGiven(router) && !isLetGo) return { kind: 'kept', ...(subnets && { subnets }) };
  return {
    kind: 'waiting',
    ...(isLetGo && { isLetGo }),
    refusal: {
      reason: 'Pending',
      message: `TenantTunnel ${keyOf(tunnel)} has nothing to give yet: ${condition.message}`,
    },
  };
}

/** Its address waits with the script: the tunnel wakes its routers when it knows what they are to connect to. */
function withoutEndpoint(tunnel: TenantTunnel): RouterOutcome | Later {
  const condition = findCondition(tunnel.status?.conditions, 'EndpointReady');
  if (condition === undefined) return { kind: 'later' };
  const message = `TenantTunnel ${keyOf(tunnel)} has no endpoint yet: ${condition.message}`;
  return { kind: 'waiting', refusal: { reason: 'Pending', message } };
}

/** Whether the ledger knows that what the status tells was let go: its TenantTunnel has become another tenant's. */
function wasLetGo({ ledger }: World, router: Router): boolean {
  const { publicKey } = router.status ?? {};
  if (publicKey === undefined || ledger.claimsOf(keyOf(router)).length > 0) return false;
  return ledger.isKnownElsewhere(keyOf(router), publicKey, NO_TUNNEL);
}

/** This Router again, once our watch of the ledger has passed its claim. */
function untilSeen({ caches, ledger }: World, claim: AddressClaim, context: ReconcileContext): Later {
  const metadata = { name: '', resourceVersion: ledger.versionOf(claim) ?? '' };
  context.wrote(caches.ledger, { apiVersion: 'v1', kind: 'Secret', metadata });
  return { kind: 'later', ms: 1 };
}

function wakeAfterClaim(world: World, held: AddressClaim | undefined, claim: AddressClaim): void {
  wakeBlockHandover(world, claim.tunnel, claim.block);
  wakeIfPressing(world, claim.tunnel);
  if (held !== undefined && held.entry.publicKey !== claim.entry.publicKey) wakeRivals(world, held);
}
