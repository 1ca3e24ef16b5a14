import { type AddressEntry, type Block, entryOf, isFree, nextFree, withEntry } from './block.ts';
import { asked, renewed, shownAgain, withNext, withProven, withScript } from './credentials.ts';
import { AllocationError } from './errors.ts';
import { BLOCK_ADDRESSES, type Place, placeOf, routerOffsets } from './geometry.ts';
import { formatAddress, type Network } from './ipv4.ts';
import { hasKeptSecrets } from './kept-secrets.ts';
import { type MadeKey, withMadeKey, withoutNext } from './made-key.ts';
import { completed, type Remembered, rememberedEntry, rememberedIsTaken } from './remembered.ts';
import { isLive } from './tunnel-entry.ts';

/** What a router is logged in to with: its password, and the one after it (src/api/handover.ts). */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  readonly apiPort: number;
  readonly next?: string;
  readonly revision?: number;
  readonly used?: string;
  readonly changed?: string;
  readonly due?: true;
}

export interface AddressRequest {
  /** Index of the tunnel. */
  tunnel: number;
  /** `namespace/name` of the Router. */
  owner: string;
  /** `spec.address`. */
  pin?: string;
  /** `spec.publicKey`: the router keeps its own private key. */
  publicKey?: string;
  /** The address that its status tells: of several that it has, by two leaders at once, this one counts. */
  told?: string;
  /** What its status tells, where the ledger does not have it: lost with the ledger, or with a part of it. */
  remembered?: Remembered;
  /** Whether an address is that of another Router which is yet to claim it: it is given to nobody else. */
  isReserved?: (address: string) => boolean;
  quarantineSeconds: number;
  /** Makes a key pair for a router that has none. */
  newKeyPair: () => { privateKey: string; publicKey: string };
  newPresharedKey?: () => string;
  newAccess: () => Credentials;
  newPassword: () => string;
  /** Number of the password that the router was found to have. */
  proven?: number;
  /** What its status says of a key that it has made. */
  madeKey?: MadeKey;
  /** `spec.script.renew`: another text than the one before asks for a fresh script. */
  renew?: string;
  /** When the tunnel was given another key, since nobody had its own any more: all its routers need a script again. */
  tunnelKeyLostAt?: string;
  /** `spec.credentials.rotate`: another text than the one before asks for another password. */
  rotate?: string;
  /** Set while nobody can have pasted the script yet: the log-in may still follow the manifest. */
  access?: { user: string; apiPort: number };
  /** Its status does not tell whether it has a script: what is recorded may have been pasted long ago. */
  mayBePasted?: boolean;
}

interface DecidedRequest extends AddressRequest {
  /** The key that is kept for a Router of this name, which went, is another router's by now. */
  keptKeyIsTaken?: boolean;
  rememberedPlace?: Place | undefined;
}

/** Where in a block to look: one offset, or the next free one. */
export type Attempt = { offset: number } | { kind: 'plain' | 'spare' };

/**
 * What a claim makes of one block: the router's entry there, or undefined when this block has no room for it.
 * A router that already stands live in the block keeps its place, its keys and its password.
 */
export function decideAddress(
  block: Block,
  request: DecidedRequest,
  attempt: Attempt,
  subnet: Network,
  now: Date,
): { document: Block; result: AddressEntry | undefined } {
  const own = entryOf(block, request.owner);
  const held = own !== undefined && isLive(own) ? own : undefined;
  if (request.pin !== undefined && 'offset' in attempt) assertPinFree(block, request, attempt.offset);
  if (held !== undefined) {
    const updated = followSpec(held, request, now);
    return { document: updated === held ? block : withEntry(block, updated), result: updated };
  }
  const isOthers = (offset: number): boolean => isReserved(request, subnet, block, offset);
  // Whoever looked for room may not have seen that another leader gave it a place, and took that back.
  const former = own !== undefined && !isOthers(own.offset) ? own.offset : undefined;
  const offset =
    'offset' in attempt
      ? mayTake(block, attempt.offset, request, now)
      : (former ?? nextFree(block, subnet, attempt.kind, now, request.quarantineSeconds, isOthers));
  if (offset === undefined) return { document: block, result: undefined };
  const remembered = rememberedAt(block, offset, request);
  const entry =
    comeBack(block.entries.get(offset), request, now) ??
    (remembered && rememberedEntry(offset, request, remembered, now)) ??
    newEntry(offset, request);
  return { document: withEntry(block, entry), result: entry };
}

const isReserved = (request: AddressRequest, subnet: Network, block: Block, offset: number): boolean =>
  request.isReserved?.(formatAddress(subnet.base + block.number * BLOCK_ADDRESSES + offset)) === true;

function rememberedAt(block: Block, offset: number, request: DecidedRequest): Remembered | undefined {
  const { remembered, rememberedPlace } = request;
  const isHere = rememberedPlace?.block === block.number && rememberedPlace.offset === offset;
  return isHere ? remembered : undefined;
}

/** What the Router of this name had when it went, while that is kept. */
function comeBack(
  there: AddressEntry | undefined,
  request: DecidedRequest,
  now: Date,
): AddressEntry | undefined {
  if (there === undefined || there.owner !== request.owner || !hasKeptSecrets(there)) return undefined;
  const { releasedAt: _, ...kept } = there;
  const wanted = request.remembered?.publicKey ?? there.publicKey;
  if (wanted !== there.publicKey) return undefined;
  // Taken over from the gateways before its Router came back: a fresh script that it asks for may have been made then.
  const answered = kept.recovered === undefined ? {} : asked(request);
  const entry = followSpec({ ...answered, ...kept, isSettled: true }, request, now);
  return request.keptKeyIsTaken && entry.publicKey === there.publicKey ? undefined : entry;
}

function newEntry(offset: number, request: AddressRequest): AddressEntry {
  return {
    offset,
    owner: request.owner,
    ...(request.publicKey === undefined ? request.newKeyPair() : { publicKey: request.publicKey }),
    ...(request.newPresharedKey === undefined ? {} : { presharedKey: request.newPresharedKey() }),
    access: { ...request.newAccess(), ...request.access },
    ...asked(request),
  };
}

/** A pin may end a quarantine: whoever writes an address into a manifest asks for this very one. */
function mayTake(block: Block, offset: number, request: DecidedRequest, now: Date): number | undefined {
  const there = block.entries.get(offset);
  const remembered = rememberedAt(block, offset, request);
  if (remembered !== undefined && there !== undefined && isLive(there))
    throw rememberedIsTaken(remembered, there.owner);
  const mine = there?.owner === request.owner || request.pin !== undefined || remembered !== undefined;
  const free = isFree(block, offset, now, request.quarantineSeconds);
  return free || (mine && there !== undefined && !isLive(there)) ? offset : undefined;
}

/** Where a pinned address stands; throws when it is none that a router of this tunnel may have. */
export function pinnedPlace(pin: string, subnet: Network): Place {
  const place = placeOf(pin, subnet);
  if (place === undefined) {
    const { first, last } = routerOffsets(subnet);
    const [from, to] = [formatAddress(subnet.base + first), formatAddress(subnet.base + last)];
    throw new AllocationError(
      'AddressOutsidePool',
      `Address ${pin} is none that this tunnel gives to routers; write one from ${from} to ${to}, or leave spec.address out.`,
    );
  }
  return place;
}

function assertPinFree(block: Block, request: AddressRequest, offset: number): void {
  const there = block.entries.get(offset);
  if (there !== undefined && isLive(there) && there.owner !== request.owner) {
    throw new AllocationError(
      'AddressTaken',
      `Address ${request.pin} belongs to Router ${there.owner}; pin another one.`,
    );
  }
}

export const pinChanged = ({ owner, pin }: AddressRequest): AllocationError =>
  new AllocationError(
    'PinChanged',
    `Router ${owner} already lives at another address than ${pin}; delete and create it again to move it, or take the pin out.`,
  );

export const keyTaken = (publicKey: string, holder = ''): AllocationError =>
  new AllocationError(
    'KeyTaken',
    `Public key ${publicKey} belongs to Router ${holder}; give each router a key of its own.`,
  );

function followSpec(held: AddressEntry, request: AddressRequest, now: Date): AddressEntry {
  let entry = completed(withKeyOf(held, request), request.remembered);
  if (entry.access === undefined) entry = { ...entry, access: request.newAccess() };
  entry = withProven(renewed(withScript(entry, request), request), request, now);
  entry = withMadeKey(withNext(entry, request), request);
  if (request.mayBePasted && !isSettled(entry)) entry = { ...entry, isSettled: true };
  const { access } = request;
  if (access !== undefined && entry.access !== undefined && !isSettled(entry)) {
    const same = access.user === entry.access.user && access.apiPort === entry.access.apiPort;
    if (!same) entry = { ...entry, access: { ...entry.access, ...access } };
  }
  return entry;
}

const isSettled = (entry: AddressEntry): boolean => entry.isSettled === true || entry.recovered !== undefined;

/** With the key that the manifest pins; with one of ours where it no longer pins any. */
function withKeyOf(held: AddressEntry, request: AddressRequest): AddressEntry {
  const { publicKey, newKeyPair } = request;
  const { privateKey: _, isOwnKey, recovered, ...rest } = withoutNext(held);
  if (publicKey === undefined) {
    const isOurs = held.privateKey !== undefined || isOwnKey || recovered?.keyLost === true;
    return isOurs ? held : { ...rest, ...newKeyPair(), ...shownAgain(held, request) };
  }
  if (publicKey !== held.publicKey) return { ...rest, publicKey };
  return recovered?.keyLost ? { ...rest, recovered: { at: recovered.at } } : held;
}
