import { type AddressEntry, type Block, released, withEntry, withoutSecrets } from './block.ts';
import { isSameAccess } from './credentials.ts';
import type { Place } from './geometry.ts';
import type { HandedRouter } from './handed-over.ts';
import { hasKeptSecrets } from './kept-secrets.ts';
import { withOwnKey } from './made-key.ts';
import { isLive } from './tunnel-entry.ts';

export interface PlacedRouter extends HandedRouter {
  readonly place: Place;
}

/** What counts of the manifest of a Router. */
export interface AdoptedSpec {
  publicKey?: string | undefined;
  script?: { renew?: string | undefined } | undefined;
}

export interface AdoptOptions {
  now: Date;
  /** The Router of this `namespace/name`, if there is one. */
  routerOf: (owner: string) => AdoptedSpec | undefined;
  /** The gateways have all routers of the tunnel: what the ledger has beside them is of a tunnel before it. */
  isAll: boolean;
}

/** Routers of one tunnel, as they are looked for. */
export interface PlacedRouters {
  readonly byOwner: ReadonlyMap<string, PlacedRouter>;
  readonly byKey: ReadonlyMap<string, PlacedRouter>;
  readonly byBlock: ReadonlyMap<number, readonly PlacedRouter[]>;
}

export const placedRouters = (routers: readonly PlacedRouter[]): PlacedRouters => ({
  byOwner: new Map(routers.map((router) => [router.owner, router])),
  byKey: new Map(routers.map((router) => [router.publicKey, router])),
  byBlock: Map.groupBy(routers, ({ place }) => place.block),
});

/**
 * A block of a ledger that is older than what the gateways have, with what they have: each of `routers`, all of one
 * tunnel, at its address with its key. Whoever else has one of these in the block is let go.
 */
export function adoptRouters(block: Block, routers: PlacedRouters, options: AdoptOptions): Block {
  const kept = withoutRivals(block, routers, options);
  const here = routers.byBlock.get(block.number) ?? [];
  return here.reduce((result, router) => {
    const there = result.entries.get(router.place.offset);
    const entry = adopted(there, router, options);
    return entry === there ? result : withEntry(result, entry);
  }, kept);
}

function withoutRivals(block: Block, { byOwner, byKey }: PlacedRouters, { now, isAll }: AdoptOptions): Block {
  const isAt = (router: PlacedRouter | undefined, { offset }: AddressEntry): boolean =>
    router?.place.block === block.number && router.place.offset === offset;
  const isRival = (entry: AddressEntry): boolean => {
    const rivals = [byOwner.get(entry.owner), byKey.get(entry.publicKey)];
    if (rivals.every((router) => router === undefined)) return isAll;
    return rivals.some((router) => router !== undefined && !isAt(router, entry));
  };
  return [...block.entries.values()]
    .filter((entry) => isLive(entry) && isRival(entry))
    .map((entry) => withoutSecrets(released(entry, now)))
    .reduce(withEntry, block);
}

function adopted(there: AddressEntry | undefined, router: PlacedRouter, options: AdoptOptions): AddressEntry {
  const { owner, publicKey, presharedKey, nextPublicKey, isOwnKey, access, place } = router;
  const known = options.routerOf(owner);
  const isSame = there?.owner === owner && there.publicKey === publicKey;
  if (isSame && isLive(there)) return withLogin(there, router);
  // The ledger is from before it used the key that stands there as its next one.
  const isNext = there?.owner === owner && there.nextPublicKey === publicKey;
  if (isNext && isLive(there)) return withLogin(withOwnKey(there, publicKey), router);
  if (isSame && known === undefined) return there;
  if (isSame && hasKeptSecrets(there)) {
    const { releasedAt: _, ...back } = there;
    return withLogin(back, router);
  }
  const at = options.now.toISOString();
  return {
    offset: place.offset,
    owner,
    publicKey,
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(nextPublicKey === undefined ? {} : { nextPublicKey }),
    ...(isOwnKey === undefined ? {} : { isOwnKey }),
    ...(access === undefined ? {} : { access }),
    // What the gateways have may be what that script made.
    ...(known?.script?.renew === undefined ? {} : { renewed: known.script.renew }),
    recovered: { at, ...(known?.publicKey === publicKey || isOwnKey ? {} : { keyLost: true as const }) },
    // Its Router may be on its way back; if it is not, this is how it would have gone.
    ...(known === undefined ? { releasedAt: at } : {}),
  };
}

/** What the gateways log in with is what the router has. */
function withLogin(
  entry: AddressEntry,
  { access, presharedKey, nextPublicKey = entry.nextPublicKey }: PlacedRouter,
): AddressEntry {
  if (access === undefined) return entry;
  const isSame =
    isSameAccess(access, entry.access) &&
    presharedKey === entry.presharedKey &&
    nextPublicKey === entry.nextPublicKey;
  const shared = presharedKey === undefined ? {} : { presharedKey };
  return isSame ? entry : { ...entry, access, ...shared, ...(nextPublicKey && { nextPublicKey }) };
}
