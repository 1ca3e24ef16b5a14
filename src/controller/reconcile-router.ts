import { randomBytes } from 'node:crypto';
import { type AddressClaim, AllocationError, isLive, type TunnelEntry } from '../allocation/index.ts';
import { ROUTERS, type Router } from '../api/index.ts';
import { applyStatusIfChanged, keyOf, type Reconcile, type ReconcileContext, refOf } from '../kube/index.ts';
import { generateKeyPair, generatePresharedKey } from '../wireguard/index.ts';
import { createTunnel } from './create-tunnel.ts';
import { classOf } from './find-class.ts';
import { older, type Refusal, tenantOf } from './find-tunnel.ts';
import { refusalOf } from './refusal.ts';
import { digestOf } from './router-script.ts';
import { type Grant, gatewayHolds, planRouterStatus, type RouterOutcome } from './router-status.ts';
import { FIELD_MANAGER, tunnelOf, type World, wakeBlockHandover, wakeTunnelHandover } from './world.ts';

/** How often a refusal is looked at again that no watch may bring back (a quarantine that ends), ms. */
const LOOK_AGAIN_MS = 300_000;
/** 144 bits, in 24 characters that need no quoting anywhere. */
const PASSWORD_BYTES = 18;

/** Router → its claim in the ledger → its status. The gateway's part follows from the ledger (reconcile-handover). */
export const reconcileRouter =
  (world: World): Reconcile =>
  async (key, context) => {
    const router = world.caches.routers.get(key);
    if (router === undefined || router.metadata.deletionTimestamp !== undefined) {
      await releaseClaims(world, key, world.ledger.claimsOf(key));
      return undefined;
    }
    const outcome = await decide(world, router, context);
    if (outcome === undefined) return undefined;
    await writeStatus(world, router, outcome, context);
    return outcome.kind === 'refused' ? { requeueAfterMs: LOOK_AGAIN_MS } : undefined;
  };

/** undefined: nothing can be said yet, what comes next wakes this router again. */
async function decide(
  world: World,
  router: Router,
  context: ReconcileContext,
): Promise<RouterOutcome | undefined> {
  const key = keyOf(router);
  const [held] = world.ledger.claimsOf(key);
  const refused = (refusal: Refusal): RouterOutcome => ({
    kind: 'refused',
    refusal,
    ...(held === undefined ? {} : { claim: held }),
  });
  const looked = tunnelOf(world, router);
  if ('create' in looked) {
    await createTunnel(world, router, looked.create, context);
    return undefined;
  }
  if ('refused' in looked) {
    if (held !== undefined) wakeBlockHandover(world, held.tunnel, held.block);
    return refused(looked.refused);
  }
  const tunnel = looked.found;
  const entry = world.ledger.tunnelOfTenant(tenantOf(tunnel));
  const unreadable = world.ledger.unreadable(tenantOf(tunnel));
  if (unreadable !== undefined) {
    // What a router was given is still true; only one that waits has to be told why.
    return router.status?.address === undefined
      ? refused({ reason: 'LedgerUnreadable', message: unreadable })
      : undefined;
  }
  if (entry === undefined || !isLive(entry) || entry.owner !== keyOf(tunnel))
    return waitingFor(world, tunnel);
  const found = classOf(tunnel, entry, world.caches.classes.list());
  if ('refused' in found) return router.status?.script === undefined ? refused(found.refused) : undefined;
  const grant = { entry, tunnel, tunnelClass: found.found };
  try {
    assertOldestPin(world, router, entry);
    const claim = await claimAddress(world, router, grant);
    await releaseElsewhere(world, key, claim);
    if (held === undefined || held.entry !== claim.entry) wakeBlocks(world, claim);
    return { kind: 'granted', grant: { ...grant, claim } };
  } catch (error) {
    const refusal = refusalOf(error, 'Router');
    if (refusal === undefined) throw error;
    if (refusal.reason === 'AddressChanged' && held !== undefined) {
      return { kind: 'granted', grant: { ...grant, claim: held, objection: refusal } };
    }
    return refused(refusal);
  }
}

function waitingFor(
  world: World,
  tunnel: { metadata: { namespace: string; name: string } },
): RouterOutcome | undefined {
  const key = keyOf(tunnel);
  const condition = world.caches.tunnels
    .get(key)
    ?.status?.conditions?.find(({ type }) => type === 'Allocated');
  // A tunnel that is just being allocated wakes its routers in a moment: no write for that.
  if (condition?.status !== 'False') return undefined;
  return {
    kind: 'waiting',
    refusal: {
      reason: 'Pending',
      message: `TenantTunnel ${key} has nothing to give yet: ${condition.message}`,
    },
  };
}

function claimAddress(world: World, router: Router, grant: Omit<Grant, 'claim'>): Promise<AddressClaim> {
  const { tunnelClass, entry } = grant;
  const { address, publicKey, management } = router.spec;
  const access = {
    user: management.user ?? tunnelClass.spec.router.managementUser,
    apiPort: management.apiPort ?? tunnelClass.spec.router.apiPort,
  };
  const everConnected = gatewayHolds(router) || router.status?.lastHandshakeTime !== undefined;
  return world.ledger.claimAddress({
    tunnel: entry.index,
    owner: keyOf(router),
    ...(address === undefined ? {} : { pin: address }),
    ...(publicKey === undefined ? {} : { publicKey }),
    quarantineSeconds: tunnelClass.spec.quarantineSeconds,
    newKeyPair: generateKeyPair,
    ...(tunnelClass.spec.router.presharedKeys ? { newPresharedKey: generatePresharedKey } : {}),
    newAccess: () => ({ ...access, password: randomBytes(PASSWORD_BYTES).toString('base64url') }),
    ...(everConnected ? {} : { access }),
  });
}

/** Of Routers that pin the same key or address the oldest is in the right, whichever is reconciled first. */
function assertOldestPin(world: World, router: Router, entry: TunnelEntry): void {
  const { publicKey, address } = router.spec;
  const rival = (index: 'publicKey' | 'address', value: string | undefined): Router | undefined => {
    if (value === undefined) return undefined;
    return world.caches.routers
      .byIndex(index, value)
      .filter((other) => other.spec[index] === value && keyOf(other) !== keyOf(router))
      .filter((other) => older(other, router) < 0 && other.metadata.deletionTimestamp === undefined)
      .filter((other) => {
        const looked = tunnelOf(world, other);
        return 'found' in looked && keyOf(looked.found) === entry.owner;
      })[0];
  };
  const held = world.ledger.claimsOf(keyOf(router)).find(({ tunnel }) => tunnel === entry.index);
  const keyRival = held?.entry.publicKey === publicKey ? undefined : rival('publicKey', publicKey);
  if (keyRival !== undefined) {
    throw new AllocationError(
      'KeyTaken',
      `Public key ${publicKey} belongs to the older Router ${keyOf(keyRival)}; give each router a key of its own.`,
    );
  }
  const addressRival = held?.address === address ? undefined : rival('address', address);
  if (addressRival !== undefined) {
    throw new AllocationError(
      'AddressTaken',
      `Address ${address} belongs to the older Router ${keyOf(addressRival)}; pin another one.`,
    );
  }
}

async function releaseElsewhere(world: World, key: string, claim: AddressClaim): Promise<void> {
  const elsewhere = world.ledger
    .claimsOf(key)
    .filter(({ tunnel, address }) => tunnel !== claim.tunnel || address !== claim.address);
  await releaseClaims(world, key, elsewhere);
}

async function releaseClaims(world: World, key: string, claims: readonly AddressClaim[]): Promise<void> {
  for (const claim of claims) {
    await world.ledger.releaseAddress(key, claim);
    wakeBlocks(world, claim);
    const rivals = [
      ...world.caches.routers.byIndex('publicKey', claim.entry.publicKey),
      ...world.caches.routers.byIndex('address', claim.address),
    ];
    for (const rival of rivals) world.controllers.routers.enqueue(keyOf(rival));
    const owner = world.ledger.tunnels.get(claim.tunnel)?.owner;
    if (owner !== undefined && world.caches.tunnels.get(owner) === undefined)
      world.controllers.tunnels.enqueue(owner);
  }
}

function wakeBlocks(world: World, { tunnel, block }: AddressClaim): void {
  wakeBlockHandover(world, tunnel, block);
  wakeTunnelHandover(world, tunnel);
}

async function writeStatus(
  world: World,
  router: Router,
  outcome: RouterOutcome,
  context: ReconcileContext,
): Promise<void> {
  const { status, owned } = planRouterStatus(router, outcome, world.now().getTime());
  const { script, ...rest } = status;
  const comparable = script === undefined ? rest : { ...rest, script: digestOf(script) };
  // The cache holds a digest in the script's place: compared by that, written as it is.
  const client: Parameters<typeof applyStatusIfChanged>[0] = {
    applyStatus: (type, object, options) =>
      world.client.applyStatus(type, { ...object, status: { ...status } } as typeof object, options),
  };
  const written = await applyStatusIfChanged(client, ROUTERS, router, comparable, {
    fieldManager: FIELD_MANAGER,
    owned,
    signal: context.signal,
  });
  if (written === undefined) return;
  context.wrote(world.caches.routers, written);
  if (outcome.kind === 'refused') {
    const { reason, message } = outcome.refusal;
    const previous = router.status?.conditions?.find(({ type }) => type === 'Allocated');
    if (previous?.reason !== reason) {
      world.events.record({
        regarding: refOf(router),
        type: 'Warning',
        reason: reason === 'AddressPoolExhausted' ? reason : 'AllocationFailed',
        action: 'Allocate',
        note: message,
      });
    }
  }
}
