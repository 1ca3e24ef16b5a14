import type { KubeObject } from './object.ts';
import { keyOf } from './object.ts';

/** What a tracker asks of an informer. */
export interface VersionedStore {
  hasReached(resourceVersion: string): boolean;
  get(key: string): KubeObject | undefined;
}

interface Write {
  /** Whether the store shows the write. */
  seen: () => boolean;
  at: number;
}

export type Staleness =
  | { state: 'current' }
  /** For how long the oldest write has not been seen. */
  | { state: 'stale'; forMs: number }
  /** The writes were forgotten: they did not show in time. */
  | { state: 'gaveUp'; forMs: number };

/**
 * Which keys' own writes an informer has not shown yet (KEP-5647). The version to compare with is the store's: an
 * object's own may stand still, as when a write changed nothing.
 */
export class WriteTracker {
  readonly #giveUpMs: number;
  readonly #monotonic: () => number;
  readonly #writes = new Map<string, Write[]>();

  constructor(giveUpMs: number, monotonic: () => number) {
    this.#giveUpMs = giveUpMs;
    this.#monotonic = monotonic;
  }

  /** `object`: what the server replied to the write. */
  wrote(key: string, store: VersionedStore, object: KubeObject): void {
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined) this.#add(key, () => store.hasReached(resourceVersion));
  }

  /** `object`: as it was before. Seen when it is gone, marked as being deleted, or another under its name. */
  deleted(key: string, store: VersionedStore, object: KubeObject): void {
    this.#add(key, () => {
      const now = store.get(keyOf(object));
      return now?.metadata.uid !== object.metadata.uid || now?.metadata.deletionTimestamp !== undefined;
    });
  }

  check(key: string): Staleness {
    const unseen = (this.#writes.get(key) ?? []).filter((write) => !write.seen());
    const first = unseen[0];
    if (first === undefined) {
      this.#writes.delete(key);
      return { state: 'current' };
    }
    const forMs = this.#monotonic() - first.at;
    if (forMs >= this.#giveUpMs) {
      this.#writes.delete(key);
      return { state: 'gaveUp', forMs };
    }
    this.#writes.set(key, unseen);
    return { state: 'stale', forMs };
  }

  #add(key: string, seen: () => boolean): void {
    if (seen()) return;
    const writes = this.#writes.get(key) ?? [];
    writes.push({ seen, at: this.#monotonic() });
    this.#writes.set(key, writes);
  }
}
