import { type Block, hasRoom } from './block.ts';
import { type AddressRequest, type Attempt, pinChanged, pinnedPlace } from './claim-address.ts';
import { type Place, placeOf, routerBlocks } from './geometry.ts';
import type { Network } from './ipv4.ts';
import { hasKeptSecrets } from './kept-secrets.ts';
import type { Location } from './ledger-index.ts';
import { isLive } from './tunnel-entry.ts';

/** What is known of a tunnel when a Router asks for its address there. */
export interface Known {
  /** Where this Router stands or stood. */
  places: readonly Location[];
  blocks: ReadonlyMap<number, { readonly document: Block }>;
}

/** Where to look for a place: the pin; or where the router stands or stood; or wherever there is room. */
export function* whereToLook(
  request: AddressRequest,
  subnet: Network,
  now: Date,
  { places, blocks }: Known,
): Generator<Attempt & { block: number }> {
  const { tunnel, pin, told, remembered, quarantineSeconds } = request;
  if (pin !== undefined) {
    const pinned = pinnedPlace(pin, subnet);
    const live = places.filter(({ entry }) => isLive(entry));
    if (live.length > 0 && !live.some((place) => isAt(place, pinned))) throw pinChanged(request);
    yield pinned;
    return;
  }
  // Where it lives, of several places that of which it was told; else where it was last.
  const toldPlace = told === undefined ? undefined : placeOf(told, subnet);
  const inOrder = places.toSorted(lastFirst);
  const best = inOrder.find((place) => isLive(place.entry) && isAt(place, toldPlace));
  const lives = inOrder.some(({ entry }) => isLive(entry));
  const rememberedPlace = lives || remembered === undefined ? undefined : placeOf(remembered.address, subnet);
  if (rememberedPlace !== undefined) yield rememberedPlace;
  for (const { block, entry } of best === undefined ? inOrder : [best]) yield { block, offset: entry.offset };
  const { first, last } = routerBlocks(subnet);
  for (const kind of ['plain', 'spare'] as const) {
    for (let block = first; block <= last; block++) {
      const document = blocks.get(block)?.document ?? { tunnel, number: block, entries: new Map() };
      if (hasRoom(document, subnet, kind, now, quarantineSeconds)) yield { block, kind };
    }
  }
}

/** The public key that would come back with the secrets which are kept for a Router that went from all of these. */
export function keptKey(places: readonly Location[]): string | undefined {
  if (places.some(({ entry }) => isLive(entry))) return undefined;
  return places.toSorted(lastFirst).find(({ entry }) => hasKeptSecrets(entry))?.entry.publicKey;
}

const isAt = ({ block, entry }: Location, place: Place | undefined): boolean =>
  block === place?.block && entry.offset === place.offset;

const lastFirst = (a: Location, b: Location): number => lastedUntil(b) - lastedUntil(a);

const lastedUntil = ({ entry: { releasedAt } }: Location): number =>
  releasedAt === undefined ? Number.MAX_VALUE : Date.parse(releasedAt);
