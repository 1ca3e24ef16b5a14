import { type Network, sizeOf } from '../allocation/index.ts';

interface Entry extends Network {
  owner: string;
}

/** Nothing wider is ever looked for: the CRD takes no network of fewer bits. */
export const WIDEST = 8;

/**
 * Networks with who has them, in scopes that know nothing of each other. Two networks are apart or one lies in the other; so
 * who overlaps a given one is found by looking up what may hold it and reading on through what lies in it.
 */
export class NetworkTable {
  readonly #scopes = new Map<string, Entry[]>();
  readonly #owned = new Map<string, { scope: string; networks: readonly Network[] }>();

  /** All that this owner has from now on. */
  set(owner: string, scope: string, networks: readonly Network[]): void {
    const had = this.#owned.get(owner);
    for (const network of had?.networks ?? []) this.#remove(had?.scope ?? scope, { ...network, owner });
    if (networks.length === 0) {
      this.#owned.delete(owner);
      return;
    }
    this.#owned.set(owner, { scope, networks });
    for (const network of networks) this.#add(scope, { ...network, owner });
  }

  /** Everything in a scope that has an address in common with this network, each owner as often as it has one. */
  *overlapping(scope: string, network: Network): Generator<{ owner: string } & Network> {
    const entries = this.#scopes.get(scope) ?? [];
    for (let length = WIDEST; length < network.length; length += 1) {
      const base = network.base - (network.base % sizeOf(length));
      // What begins where this one does is met below.
      if (base !== network.base) yield* run(entries, { base, length });
    }
    const end = network.base + sizeOf(network.length);
    for (let at = place(entries, { base: network.base, length: 0, owner: '' }); ; at += 1) {
      const entry = entries[at];
      if (entry === undefined || entry.base >= end) return;
      yield entry;
    }
  }

  #add(scope: string, entry: Entry): void {
    const entries = this.#scopes.get(scope) ?? [];
    this.#scopes.set(scope, entries);
    entries.splice(place(entries, entry), 0, entry);
  }

  #remove(scope: string, entry: Entry): void {
    const entries = this.#scopes.get(scope) ?? [];
    const at = place(entries, entry);
    if (compare(entries[at], entry) === 0) entries.splice(at, 1);
    if (entries.length === 0) this.#scopes.delete(scope);
  }
}

function* run(entries: readonly Entry[], { base, length }: Network): Generator<Entry> {
  for (let at = place(entries, { base, length, owner: '' }); ; at += 1) {
    const entry = entries[at];
    if (entry === undefined || entry.base !== base || entry.length !== length) return;
    yield entry;
  }
}

/** Where an entry stands, or would. */
function place(entries: readonly Entry[], entry: Entry): number {
  let from = 0;
  let to = entries.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (compare(entries[middle], entry) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

function compare(a: Entry | undefined, b: Entry): number {
  if (a === undefined) return 1;
  return a.base - b.base || a.length - b.length || (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0);
}
