import type { Change } from '../types.ts';
import type { Values } from './definition.ts';

/** A row as it is kept: what was set, apart from what is read. */
export interface Entry {
  /** `*1A`, never given twice in a store; empty for a single. */
  readonly id: string;
  readonly dynamic: boolean;
  readonly values: Values;
  /** What MACHINE or the menu observed: `running`, `last-handshake`. Lost on a restart. */
  runtime: Values;
}

/** All rows of all menus, in order, and who wants to hear of changes. */
export class Configuration {
  readonly #stores = new Map<string, Entry[]>();
  readonly #ids = new Map<string, number>();
  readonly #listeners = new Set<(change: Change) => void>();

  entries(store: string): Entry[] {
    const found = this.#stores.get(store);
    if (found) return found;
    const made: Entry[] = [];
    this.#stores.set(store, made);
    return made;
  }

  stores(): Iterable<[string, Entry[]]> {
    return this.#stores;
  }

  /** The one row of a menu such as `/system/identity`. */
  single(store: string): Entry {
    const entries = this.entries(store);
    const [first] = entries;
    if (first) return first;
    const made: Entry = { id: '', dynamic: false, values: {}, runtime: {} };
    entries.push(made);
    return made;
  }

  /** `before` missing: at the end. Dynamic rows the router makes itself do not go through a menu's rules. */
  insert(store: string, values: Values, place: { before?: Entry; dynamic?: boolean } = {}): Entry {
    const next = (this.#ids.get(store) ?? 0) + 1;
    this.#ids.set(store, next);
    const id = `*${next.toString(16).toUpperCase()}`;
    const entry: Entry = { id, dynamic: place.dynamic ?? false, values, runtime: {} };
    const entries = this.entries(store);
    const at = place.before ? entries.indexOf(place.before) : entries.length;
    entries.splice(at, 0, entry);
    this.tell({ kind: 'add', menu: store, id, dynamic: entry.dynamic });
    return entry;
  }

  remove(store: string, entry: Entry): void {
    const entries = this.entries(store);
    const at = entries.indexOf(entry);
    if (at < 0) return;
    entries.splice(at, 1);
    this.tell({ kind: 'remove', menu: store, id: entry.id, dynamic: entry.dynamic });
  }

  move(store: string, entry: Entry, before: Entry | undefined): void {
    if (entry === before) return;
    const entries = this.entries(store);
    entries.splice(entries.indexOf(entry), 1);
    entries.splice(before ? entries.indexOf(before) : entries.length, 0, entry);
    this.tell({ kind: 'move', menu: store, id: entry.id, dynamic: entry.dynamic });
  }

  changed(store: string, entry: Entry): void {
    this.tell({ kind: 'set', menu: store, id: entry.id, dynamic: entry.dynamic });
  }

  tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
