import type { Values } from './configuration/definition.ts';
import type { Configuration, Entry } from './configuration/store.ts';
import { RouterOsTrap } from './trap.ts';
import type { Change } from './types.ts';

/** "currently history keeps up to 100 most recent actions" (manual, Configuration Management). */
const MOST_ACTIONS = 100;
/** Not configuration, so not undone. */
const RUNTIME = ['/log', '/system/script/job'];

interface Holder {
  session: string;
  user: string;
  /** Rows as they were, by store, in order. */
  before: ReadonlyMap<string, readonly { entry: Entry; values: Values }[]>;
  actions: number;
}

/**
 * Safe mode as a session holds it: all that is changed meanwhile, by whomever, is undone when that session ends without
 * having released it; past 100 actions it ends, and nothing is undone (manual, Configuration Management; over the API from
 * 7.18 on: tik4net, SafeModeTest). Whether another session may unroll it is told both ways.
 */
export class SafeMode {
  readonly #configuration: Configuration;
  readonly #unrollsForOthers: boolean;
  #holder: Holder | undefined;
  #restoring = false;

  constructor(configuration: Configuration, unrollsForOthers: boolean) {
    this.#configuration = configuration;
    this.#unrollsForOthers = unrollsForOthers;
    configuration.listen((change) => this.#count(change));
  }

  get holder(): { session: string; user: string } | undefined {
    return this.#holder;
  }

  take(session: string, user: string): void {
    if (this.#holder?.session === session) return;
    if (this.#holder !== undefined)
      throw new RouterOsTrap(`Safe Mode is taken by another user (${this.#holder.user}). Action aborted.`, 4);
    const before = new Map(
      [...this.#configuration.stores()]
        .filter(([store]) => !RUNTIME.includes(store))
        .map(([store, entries]) => [store, entries.map((entry) => ({ entry, values: { ...entry.values } }))]),
    );
    this.#holder = { session, user, before, actions: 0 };
  }

  release(session: string): void {
    this.#held(session);
    this.#holder = undefined;
  }

  /** `derive` makes anew what follows from other rows. */
  unroll(session: string, derive: () => void): void {
    const { before } = this.#held(session);
    this.#holder = undefined;
    this.#restoring = true;
    for (const [store, entries] of [...this.#configuration.stores()]) {
      if (!RUNTIME.includes(store)) this.#restore(store, entries, before.get(store) ?? []);
    }
    derive();
    this.#restoring = false;
  }

  /** The session is over, however it ended. */
  ended(session: string, derive: () => void): void {
    if (this.#holder?.session === session) this.unroll(session, derive);
  }

  /** The power went: who held it is gone, and what was changed is in the flash. */
  restarted(): void {
    this.#holder = undefined;
  }

  #held(session: string): Holder {
    const holder = this.#holder;
    if (holder === undefined || (holder.session !== session && !this.#unrollsForOthers))
      throw new RouterOsTrap('Safe Mode has not been taken. Action aborted.', 4);
    return holder;
  }

  #restore(store: string, entries: Entry[], before: readonly { entry: Entry; values: Values }[]): void {
    const now = JSON.stringify(entries);
    const kept = before.filter(({ entry }) => !entry.dynamic || entries.includes(entry));
    const fresh = entries.filter((entry) => entry.dynamic && !kept.some((row) => row.entry === entry));
    for (const { entry, values } of kept) {
      for (const name of Object.keys(entry.values)) delete entry.values[name];
      Object.assign(entry.values, values);
    }
    entries.splice(0, entries.length, ...kept.map(({ entry }) => entry), ...fresh);
    if (JSON.stringify(entries) === now) return;
    this.#configuration.tell({ kind: 'set', menu: store, id: entries[0]?.id ?? '', dynamic: false });
  }

  #count(change: Change): void {
    if (this.#holder === undefined || this.#restoring || !('id' in change) || change.dynamic) return;
    if (RUNTIME.includes(change.menu)) return;
    this.#holder.actions += 1;
    if (this.#holder.actions > MOST_ACTIONS) this.#holder = undefined;
  }
}
