import { type Clock, systemClock } from './clock.ts';
import { type KubeApiError, KubeError } from './errors.ts';
import type { Logger } from './logger.ts';
import { apiVersionOf, type KubeObject, keyOf, type ObjectMeta, type ResourceType } from './object.ts';
import { DEFAULT_TIMINGS, type ListWatcher, Reflector, type ReflectorTimings } from './reflector.ts';
import { type Change, type Indexes, Store } from './store.ts';
import { compareVersions } from './versions.ts';
import type { WatchEvent } from './watch.ts';

export interface InformerOptions<T extends KubeObject> {
  client: ListWatcher;
  type: ResourceType<T>;
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /**
   * Runs on each object before it is stored, and may change it in place: drop what nobody reads. managedFields are
   * gone already. An object from a store whose parts were dropped must not be written back whole.
   */
  transform?: (object: T) => T;
  indexes?: Indexes<T>;
  logger: Logger;
  clock?: Clock;
  random?: () => number;
  timings?: Partial<ReflectorTimings>;
}

/**
 * A local copy of one resource, kept by list-and-watch through whatever happens to the server or the connection.
 * Objects in it are shared: read them, never change them.
 */
export class Informer<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** Resolves once the first full list is stored and its handlers have run; rejects when stopped before. */
  readonly synced: Promise<void>;
  readonly #options: InformerOptions<T>;
  /** One string for all objects of it. */
  readonly #apiVersion: string;
  readonly #logger: Logger;
  readonly #store: Store<T>;
  readonly #handlers = new Set<(change: Change<T>) => void>();
  readonly #sync = Promise.withResolvers<void>();
  #hasSynced = false;
  #version = '';
  #failing: string | undefined;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
    this.#logger = options.logger;
    this.type = options.type;
    this.#apiVersion = apiVersionOf(options.type);
    this.#store = new Store(this.#guardIndexes(options.indexes ?? {}));
    this.synced = this.#sync.promise;
    // Whoever does not wait for it is not to end the process by it.
    this.synced.catch(() => undefined);
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** What this copy still waits for, or again, as a phrase; undefined while it is one. */
  get waitingFor(): string | undefined {
    const { group, plural } = this.type;
    if (this.#failing === 'NotFound') return `the CRD of ${plural}.${group}, which is not installed`;
    return this.#hasSynced ? undefined : `the first list of ${plural}`;
  }

  /** The code of the error that listing or watching meets at present. */
  get failing(): string | undefined {
    return this.#failing;
  }

  get size(): number {
    return this.#store.size;
  }

  /** Lists and watches until the signal; resolves when all has ended, never rejects. Once only. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, clock, random, timings } = this.#options;
    const reflector = new Reflector<T>({
      client,
      type,
      selection: {
        ...(namespace !== undefined && { namespace }),
        ...(labelSelector !== undefined && { labelSelector }),
        ...(fieldSelector !== undefined && { fieldSelector }),
      },
      sink: {
        prepare: (object) => this.#prepare(object),
        replace: (objects, version) => this.#replace(objects, version),
        event: (event) => this.#event(event),
        failed: (error, waitMs) => this.#failed(error, waitMs),
        recovered: () => this.#recovered(),
      },
      clock: clock ?? systemClock,
      random: random ?? Math.random,
      timings: { ...DEFAULT_TIMINGS, ...timings },
    });
    await reflector.run(signal);
    this.#sync.reject(
      new KubeError('Stopped', `The informer of ${type.plural} was stopped before its first list.`),
    );
  }

  /**
   * Handlers run synchronously and in order, after the store has changed; one that throws is logged. The result
   * takes the handler off. Add them before `run`: what happened before is not told again.
   */
  onChange(handler: (change: Change<T>) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  list(): T[] {
    return this.#store.list();
  }

  keys(): string[] {
    return this.#store.keys();
  }

  byIndex(index: string, value: string): T[] {
    return this.#store.byIndex(index, value);
  }

  /** Whether the store has seen everything up to this resourceVersion of its resource. */
  hasReached(resourceVersion: string): boolean {
    const order = compareVersions(this.#version, resourceVersion);
    return order !== undefined && order >= 0;
  }

  #replace(objects: T[], version: string): void {
    const initial = !this.#hasSynced;
    this.#version = version;
    for (const change of this.#store.replace(objects, initial)) this.#announce(change);
    if (!initial) return;
    this.#hasSynced = true;
    this.#logger.debug({ resource: this.type.plural, objects: this.#store.size }, 'Listed, now watching.');
    this.#sync.resolve();
  }

  #event(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    const object = this.#prepare(event.object);
    this.#version = object.metadata.resourceVersion ?? this.#version;
    const change =
      event.type === 'DELETED' ? this.#store.delete(keyOf(object), object) : this.#store.set(object, false);
    if (change !== undefined) this.#announce(change);
  }

  #announce(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#logger.error(
          { err: error, resource: this.type.plural, key: change.key, change: change.type },
          'A handler of changes failed; the informer goes on.',
        );
      }
    }
  }

  #prepare(object: T): T {
    // Items of a list of built-in resources come without these two.
    object.apiVersion = this.#apiVersion;
    object.kind = this.type.kind;
    const metadata: ObjectMeta & { managedFields?: unknown } = object.metadata;
    delete metadata.managedFields;
    try {
      return this.#options.transform?.(object) ?? object;
    } catch (error) {
      this.#logger.error(
        { err: error, resource: this.type.plural, key: keyOf(object) },
        'The transform of an object failed; it is stored as it is.',
      );
      return object;
    }
  }

  #guardIndexes(indexes: Indexes<T>): Indexes<T> {
    return Object.fromEntries(
      Object.entries(indexes).map(([index, values]) => [
        index,
        (object: T) => {
          try {
            return values(object);
          } catch (error) {
            this.#logger.error(
              { err: error, resource: this.type.plural, key: keyOf(object), index },
              'An index function failed; the object is not in that index.',
            );
            return [];
          }
        },
      ]),
    );
  }

  /** Says once what is wrong, and again only when something else is. */
  #failed(error: KubeApiError, waitMs: number): void {
    const fields = { resource: this.type.plural, code: error.code, retryInMs: Math.round(waitMs) };
    if (error.code === this.#failing || isRoutine(error)) {
      this.#logger.debug({ ...fields, error: error.message }, 'List or watch failed again.');
      return;
    }
    this.#failing = error.code;
    const { group, version, plural } = this.type;
    this.#logger.warn(
      { ...fields, error: error.message },
      error.code === 'NotFound'
        ? `The server does not know ${plural}.${group || 'core'}/${version}: install its CRD; trying again.`
        : `Cannot list or watch ${plural}; trying again.`,
    );
  }

  #recovered(): void {
    if (this.#failing === undefined) return;
    this.#failing = undefined;
    this.#logger.info({ resource: this.type.plural }, `Listing and watching ${this.type.plural} again.`);
  }
}

/** Ends that a watch meets in a healthy cluster, too: a restarted server or load balancer, history compacted. */
function isRoutine(error: KubeApiError): boolean {
  return error.code === 'Expired' || error.code === 'Timeout';
}
