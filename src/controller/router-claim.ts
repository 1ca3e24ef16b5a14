import {
  type AddressClaim,
  AllocationError,
  keyTaken,
  type Remembered,
  type TunnelEntry,
} from '../allocation/index.ts';
import type { Router } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { older } from './find-tunnel.ts';
import type { Proven } from './proven-passwords.ts';
import { reserverOf } from './reserved.ts';
import { routersAt } from './rivals.ts';
import { type Grant, gatewayHolds } from './router-status.ts';
import { tunnelOf, type World } from './world.ts';

/** What a Router has in its tunnel by the ledger: what it had, else something new. Throws AllocationError. */
export function claimAddress(
  world: World,
  router: Router,
  { tunnelClass, entry }: Omit<Grant, 'claim'>,
  { remembered, proven, madeKey }: Proven & { remembered?: Remembered | undefined } = {},
): Promise<AddressClaim> {
  assertOldestPin(world, router, entry);
  const { address, publicKey, management } = router.spec;
  const { newKeyPair, newPresharedKey, newPassword } = world.environment;
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
    ...(router.status?.address === undefined ? {} : { told: router.status.address }),
    ...(remembered && { remembered }),
    isReserved: (wanted) => reserverOf(world, router, entry, wanted) !== undefined,
    quarantineSeconds: tunnelClass.spec.quarantineSeconds,
    newKeyPair,
    ...(tunnelClass.spec.router.presharedKeys ? { newPresharedKey } : {}),
    newAccess: () => ({ ...access, password: newPassword(), next: newPassword(), due: true }),
    newPassword,
    ...(entry.keyLostAt === undefined ? {} : { tunnelKeyLostAt: entry.keyLostAt }),
    ...(proven === undefined ? {} : { proven }),
    ...(madeKey === undefined ? {} : { madeKey }),
    ...(router.spec.script?.renew === undefined ? {} : { renew: router.spec.script.renew }),
    ...(router.spec.credentials?.rotate === undefined ? {} : { rotate: router.spec.credentials.rotate }),
    ...(router.status?.script === undefined ? { mayBePasted: true } : everConnected ? {} : { access }),
  });
}

/** Of Routers that pin the same key or address the oldest is in the right, whichever is reconciled first. */
function assertOldestPin(world: World, router: Router, entry: TunnelEntry): void {
  const { publicKey, address } = router.spec;
  if (publicKey === undefined && address === undefined) return;
  const held = world.ledger.claimsOf(keyOf(router)).find(({ tunnel }) => tunnel === entry.index);
  const keyRival =
    held?.entry.publicKey === publicKey ? undefined : rivalFor(world, router, entry, 'publicKey');
  if (keyRival !== undefined) {
    throw keyTaken(publicKey ?? '', keyRival);
  }
  if (held !== undefined || address === undefined) return;
  const addressRival = rivalFor(world, router, entry, 'address');
  if (addressRival !== undefined) {
    throw new AllocationError(
      'AddressTaken',
      `Address ${address} belongs to the older Router ${addressRival}; pin another one.`,
    );
  }
  const had = router.status?.address === address ? undefined : reserverOf(world, router, entry, address);
  if (had?.status?.address === address)
    throw new AllocationError(
      'AddressTaken',
      `Address ${address} belongs to Router ${keyOf(had)}; pin another one.`,
    );
}

/** The oldest Router of the tunnel that pins the same, if it is older; always the same one, since a message names it. */
function rivalFor(
  world: World,
  router: Router,
  entry: TunnelEntry,
  pin: 'publicKey' | 'address',
): string | undefined {
  const value = router.spec[pin];
  if (value === undefined) return undefined;
  const candidates =
    pin === 'address' ? routersAt(world, entry, value) : world.caches.routers.byIndex(pin, value);
  const [rival] = candidates
    .filter((other) => {
      if (other.spec[pin] !== value || older(other, router) >= 0) return false;
      if (other.metadata.deletionTimestamp !== undefined) return false;
      const looked = tunnelOf(world, other);
      return 'found' in looked && keyOf(looked.found) === entry.owner;
    })
    .sort(older);
  return rival && keyOf(rival);
}
