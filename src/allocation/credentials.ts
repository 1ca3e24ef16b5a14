/**
 * How a router's password follows another. The next one stands here before the router can have it, also in every copy of
 * the ledger that is older by one change: so no moment, and no such copy, is without the password that the router has.
 */
import type { AddressEntry } from './block.ts';
import type { AddressRequest, Credentials } from './claim-address.ts';
import { withoutNext } from './made-key.ts';

/** Once the router was found to have the next password, that is its password, and the one before is gone. */
export function withProven(
  entry: AddressEntry,
  { proven, newPassword }: AddressRequest,
  now: Date,
): AddressEntry {
  const { access } = entry;
  if (access?.next === undefined || proven !== numberOfNext(access)) return entry;
  const { user, next, apiPort, used } = access;
  const at = `${now.toISOString().slice(0, 19)}Z`;
  return {
    ...entry,
    access: {
      user,
      password: next,
      apiPort,
      next: newPassword(),
      revision: proven,
      ...(used === undefined ? { used: at } : { used, changed: at }),
    },
  };
}

/** With a next password, where an earlier version made none; to be set on the router at once where that is asked for. */
export function withNext(entry: AddressEntry, { rotate, newPassword }: AddressRequest): AddressEntry {
  const { access } = entry;
  if (access === undefined) return entry;
  const isAsked = rotate !== undefined && rotate !== entry.rotated;
  if (access.next !== undefined && !isAsked) return entry;
  return {
    ...entry,
    access: { ...access, next: access.next ?? newPassword(), due: true },
    ...(isAsked ? { rotated: rotate } : {}),
  };
}

/** As another router's, where a fresh script is asked for: the one before has nothing any more that is of use. */
export function renewed(entry: AddressEntry, request: AddressRequest): AddressEntry {
  const { renew, publicKey, newKeyPair, newPresharedKey } = request;
  if (renew === undefined || renew === entry.renewed) return entry;
  const { isSettled: _, recovered: __, presharedKey: ___, isOwnKey: ____, ...kept } = withoutNext(entry);
  return {
    ...kept,
    ...(publicKey === undefined ? newKeyPair() : {}),
    ...(newPresharedKey === undefined ? {} : { presharedKey: newPresharedKey() }),
    access: freshAccess(entry, request),
    renewed: renew,
  };
}

/** A password that may be shown. Both that the router may have had are passed over: what is still said of it means nothing. */
function freshAccess({ access }: AddressEntry, { newAccess }: AddressRequest): Credentials {
  const fresh = newAccess();
  const { user, apiPort, revision = 0 } = access ?? fresh;
  return { ...fresh, user, apiPort, revision: revision + 2 };
}

/** Where its script was used, and is needed again with something else in it: one with a password of its own. */
export const shownAgain = (entry: AddressEntry, request: AddressRequest): Pick<AddressEntry, 'access'> =>
  isShown(entry) ? {} : { access: freshAccess(entry, request) };

/** A router that was set up before its tunnel got another key has to be set up again. */
export function withScript(entry: AddressEntry, request: AddressRequest): AddressEntry {
  const { tunnelKeyLostAt = '' } = request;
  const isBefore = Date.parse(entry.access?.used ?? '') < Date.parse(tunnelKeyLostAt);
  if (!isBefore) return entry;
  const { isOwnKey, ...rest } = withoutNext(entry);
  // Of a key that the router made itself there can be no script.
  return { ...rest, ...(isOwnKey ? request.newKeyPair() : {}), ...shownAgain(entry, request) };
}

/** What a new record answers to already. */
export const asked = ({
  renew,
  rotate,
}: Pick<AddressRequest, 'renew' | 'rotate'>): Pick<AddressEntry, 'renewed' | 'rotated'> => ({
  ...(renew === undefined ? {} : { renewed: renew }),
  ...(rotate === undefined ? {} : { rotated: rotate }),
});

const numberOfNext = ({ revision = 0 }: Credentials): number => revision + 1;

/** Whether the password stands in a script that is told. */
export const isShown = ({ access }: AddressEntry): boolean => access?.used === undefined;

/** In one order always: the text is compared with what stands elsewhere. */
export function inOrder(access: Credentials): Credentials {
  const { user, password, apiPort, next, revision, used, changed, due } = access;
  return {
    user,
    password,
    apiPort,
    ...(next === undefined ? {} : { next }),
    ...(revision === undefined ? {} : { revision }),
    ...(used === undefined ? {} : { used }),
    ...(changed === undefined ? {} : { changed }),
    ...(due === undefined ? {} : { due }),
  };
}

export const isSameAccess = (a: Credentials, b: Credentials | undefined): boolean =>
  b !== undefined && JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
