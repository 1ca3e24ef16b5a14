import { createHash } from 'node:crypto';
import { type AddressEntry, type Block, withEntry } from './block.ts';
import { isLive } from './tunnel-entry.ts';

const DAY_MS = 86_400_000;
/** Of the period: routers that were set up in one hour change their passwords over a fifth of it. */
const SPREAD = 0.2;

/**
 * When a router is to be given its next password, ms since 1970; undefined where none is to come by itself: its script was
 * not used yet, or it is being done.
 */
export function passwordDueAt({ access, owner }: AddressEntry, days: number): number | undefined {
  const last = access?.changed ?? access?.used;
  if (access?.next === undefined || access.due || last === undefined) return undefined;
  return Date.parse(last) + days * DAY_MS * (1 - SPREAD * shareOf(owner));
}

/** The block with the routers noted that are to be given their next passwords by `now`. */
export function withDuePasswords(block: Block, days: number, now: Date): Block {
  return [...block.entries.values()]
    .filter(
      (entry) => isLive(entry) && (passwordDueAt(entry, days) ?? Number.POSITIVE_INFINITY) <= now.getTime(),
    )
    .map(
      (entry): AddressEntry => (entry.access ? { ...entry, access: { ...entry.access, due: true } } : entry),
    )
    .reduce(withEntry, block);
}

/** From 0 to 1, always the same for one router: so nothing has to be noted, and another leader decides alike. */
const shareOf = (owner: string): number =>
  createHash('sha256').update(owner).digest().readUInt32BE() / 2 ** 32;
