import { type AddressClaim, isNewsOfKey, type MadeKey } from '../allocation/index.ts';
import type { KeysHandover, Router, TunnelClass } from '../api/index.ts';
import { keyOf } from '../kube/index.ts';
import { isKey } from '../wireguard/index.ts';
import type { World } from './world.ts';

/** Whether routers of a class make keys of their own, as the agents read it. */
export const keysOfClass = ({ spec }: Pick<TunnelClass, 'spec'>): KeysHandover =>
  spec.router.ownKeys ? { ownKeys: true } : {};

/**
 * What a Router's status says of a key that it has made, where the ledger does not have it yet. A key of another router or
 * of the server is nobody's to take: WireGuard would give the peer to whoever was set last.
 */
export function madeKeyOf({ ledger }: World, router: Router, claim: AddressClaim): MadeKey | undefined {
  const madeKey = router.status?.credentials?.key;
  if (madeKey === undefined || router.spec.publicKey !== undefined) return undefined;
  if (!isNewsOfKey(claim.entry, madeKey) || !isKey(madeKey.publicKey)) return undefined;
  const others = ledger
    .holdersOfKey(claim.tunnel, madeKey.publicKey)
    .filter((owner) => owner !== keyOf(router));
  const isServers = ledger.tunnels.get(claim.tunnel)?.publicKey === madeKey.publicKey;
  return others.length > 0 || isServers ? undefined : madeKey;
}
