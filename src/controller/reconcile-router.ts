import { type AddressClaim, isLive, keyTaken } from '../allocation/index.ts';
import { ROUTERS, type Router, type TenantTunnel } from '../api/index.ts';
import {
  applyStatusIfChanged,
  findCondition,
  isApiError,
  isTrue,
  keyOf,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
} from '../kube/index.ts';
import { waitForAddress, wakeIfPressing } from './address-pressure.ts';
import { claimOf, confirmKey, isTold } from './confirm-claim.ts';
import { createTunnel } from './create-tunnel.ts';
import { classOf } from './find-class.ts';
import { type Refusal, tenantOf } from './find-tunnel.ts';
import { restoreGraceSeconds, wakeKeptSecrets } from './kept-secrets.ts';
import { refusalOf } from './refusal.ts';
import { rememberedOf, storedScript } from './remember-router.ts';
import { routersAt } from './rivals.ts';
import { claimAddress } from './router-claim.ts';
import { routerEvent } from './router-events.ts';
import { digestOf, routerScript } from './router-script.ts';
import { planRouterStatus, type RouterOutcome } from './router-status.ts';
import { isCurrent, losesKey, strayClaims } from './stray-claims.ts';
import { FIELD_MANAGER, isGone, QUARANTINE, tunnelOf, type World, wakeBlockHandover } from './world.ts';

/** How often a refusal is looked at again that no watch may bring back (a quarantine or a quota that ends), ms. */
const LOOK_AGAIN_MS = 120_000;
/** Routers without an address of which an Event tells; ten thousand would push out those of others. */
const TOLD = 25;
/** None has this index. */
const NO_TUNNEL = -1;
/** How soon a cache that lags behind is looked at again, ms. */
const LAG_MS = 1000;

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
    await writeStatus(world, router, outcome, context);
    if (outcome.kind !== 'refused') return undefined;
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
    return looked.isAwaited && wasGiven(router)
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
  if (entry === undefined || !isLive(entry) || entry.owner !== keyOf(tunnel))
    return waitingFor(world, router, tunnel);
  const found = classOf(tunnel, entry, world.caches.classes.list());
  if ('refused' in found) return wasGiven(router) ? { kind: 'kept' } : refused(found.refused);
  const grant = { entry, tunnel, tunnelClass: found.found };
  const granted = (claim: AddressClaim, objection?: Refusal): RouterOutcome => {
    const given = { claim, tunnel, ...(objection && { objection }) };
    return claim.entry.recovered?.keyLost
      ? { kind: 'recovered', ...given }
      : { kind: 'granted', ...given, script: routerScript(router, { ...grant, claim }) };
  };
  try {
    const remembered = await rememberedOf(world, router, grant, context.signal);
    const claim = await claimAddress(world, router, grant, remembered);
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

/** Of a router that the ledger took over there may be no script. */
const wasGiven = ({ status }: Router): boolean =>
  status?.script !== undefined || (status?.address !== undefined && isTrue(status.conditions, 'Allocated'));

function waitingFor(world: World, router: Router, tunnel: TenantTunnel): RouterOutcome | Later {
  const condition = findCondition(tunnel.status?.conditions, 'Allocated');
  // A tunnel that is just being allocated wakes its routers in a moment: no write for that.
  if (condition?.status !== 'False') return { kind: 'later' };
  const isLetGo = wasLetGo(world, router);
  if (wasGiven(router) && !isLetGo) return { kind: 'kept' };
  return {
    kind: 'waiting',
    ...(isLetGo && { isLetGo }),
    refusal: {
      reason: 'Pending',
      message: `TenantTunnel ${keyOf(tunnel)} has nothing to give yet: ${condition.message}`,
    },
  };
}

/** Whether the ledger knows that what the status tells was let go: its TenantTunnel has become another tenant's. */
function wasLetGo({ ledger }: World, router: Router): boolean {
  const { publicKey } = router.status ?? {};
  if (publicKey === undefined || ledger.claimsOf(keyOf(router)).length > 0) return false;
  return ledger.isKnownElsewhere(keyOf(router), publicKey, NO_TUNNEL);
}

function wakeAfterClaim(world: World, held: AddressClaim | undefined, claim: AddressClaim): void {
  wakeBlockHandover(world, claim.tunnel, claim.block);
  wakeIfPressing(world, claim.tunnel);
  if (held !== undefined && held.entry.publicKey !== claim.entry.publicKey) wakeRivals(world, held);
}

/** Routers that want the key or the address which this claim no longer has. */
function wakeRivals(world: World, { entry, address, tunnel }: AddressClaim): void {
  const { caches, controllers, ledger } = world;
  const record = ledger.tunnels.get(tunnel);
  for (const rival of [
    ...caches.routers.byIndex('publicKey', entry.publicKey),
    ...(record === undefined ? [] : routersAt(world, record, address)),
  ]) {
    controllers.routers.enqueue(keyOf(rival));
  }
}

async function release(
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

async function releaseElsewhere(world: World, router: Router, claim: AddressClaim): Promise<void> {
  const key = keyOf(router);
  if (router.status?.address !== claim.address) return;
  // Not what it has in other tunnels: if this is an old Router of its name, the new one was given that (strayClaims).
  const elsewhere = world.ledger
    .claimsOf(key)
    .filter(({ tunnel, address }) => tunnel === claim.tunnel && address !== claim.address);
  await releaseClaims(world, key, elsewhere, false);
}

/** This Router again, once our watch of the ledger has passed its claim. */
function untilSeen({ caches, ledger }: World, claim: AddressClaim, context: ReconcileContext): Later {
  const metadata = { name: '', resourceVersion: ledger.versionOf(claim) ?? '' };
  context.wrote(caches.ledger, { apiVersion: 'v1', kind: 'Secret', metadata });
  return { kind: 'later', ms: 1 };
}

/** Lets go what another has as well. One that has been told an address keeps it, and is only refused the key. */
async function withdraw(world: World, router: Router, claim: AddressClaim): Promise<never> {
  const key = keyOf(router);
  const { publicKey } = claim.entry;
  const other = world.ledger.holdersOfKey(claim.tunnel, publicKey).find((owner) => owner !== key);
  if (router.status?.address === undefined) await releaseClaims(world, key, [claim], false);
  throw keyTaken(publicKey, other);
}

/** `isDeleted`: it may come back, as out of a backup, and then has what it had. */
async function releaseClaims(
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

async function writeStatus(
  world: World,
  router: Router,
  outcome: RouterOutcome,
  context: ReconcileContext,
): Promise<void> {
  const { status, owned } = planRouterStatus(router, outcome, world.now().getTime());
  const { signal } = context;
  // The cache holds a digest in the script's place: compared by that, written as it is.
  const comparable = outcome.kind === 'granted' ? { ...status, script: digestOf(outcome.script) } : status;
  const client: Parameters<typeof applyStatusIfChanged>[0] = {
    applyStatus: async (type, object, options) => {
      const isKept = outcome.kind !== 'granted' && status.script !== undefined;
      const script = isKept ? await storedScript(world, router, signal) : status.script;
      const whole = { ...status, ...(script === undefined ? {} : { script }) };
      return world.client.applyStatus(type, { ...object, status: whole } as typeof object, options);
    },
  };
  try {
    const written = await applyStatusIfChanged(client, ROUTERS, router, comparable, {
      fieldManager: FIELD_MANAGER,
      owned,
      signal,
    });
    if (written === undefined) return;
    context.wrote(world.caches.routers, written);
  } catch (error) {
    // Changed, deleted, or made again under another uid: the cache will tell, and wake this router.
    if (isApiError(error, 'NotFound', 'Conflict')) return;
    throw error;
  }
  const event = routerEvent(router, outcome, status);
  if (event !== undefined) world.events.record(event);
}
