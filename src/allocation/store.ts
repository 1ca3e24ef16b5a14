import type { Data } from './codec.ts';

/** A ledger object as it is stored; `version` is the store's own (a resourceVersion). */
export interface StoredObject {
  readonly name: string;
  readonly version: string;
  readonly data: Data;
  /** It has lost what the store finds it by (its labels): it must be written again, as it is. */
  readonly astray?: true;
}

/** What a write of one is answered with. */
export type Stored = Pick<StoredObject, 'version'>;

/** The object on which the caller decided has changed meanwhile (or exists, or is gone). */
export class VersionConflict extends Error {}

/** Where the ledger is kept. Every write is conditional; a write whose outcome is unknown throws anything else. */
export interface LedgerStore {
  read(name: string): Promise<StoredObject | undefined>;
  /** Throws {@link VersionConflict} when the name is taken. */
  create(name: string, data: Data): Promise<Stored>;
  /** Throws {@link VersionConflict} when the stored version is not `version`. */
  update(name: string, data: Data, version: string): Promise<Stored>;
  /** Throws {@link VersionConflict} when the stored version is not `version`; does nothing when it is gone. */
  remove(name: string, version: string): Promise<void>;
}

/** What the ledger needs of the world. */
export interface LedgerOptions {
  store: LedgerStore;
  now: () => Date;
  sleep: (ms: number) => Promise<void>;
  random: () => number;
  /** Lets others have their say before a write, so that a burst is one; default one turn of the event loop. */
  turn?: () => Promise<void>;
}
