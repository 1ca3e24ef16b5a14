import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { ListOptions, ObjectList } from './api.ts';
import { backoffMs } from './backoff.ts';
import { type Clock, sleep } from './clock.ts';
import { isApiError, KubeApiError, messageOf } from './errors.ts';
import type { KubeObject, ResourceType } from './object.ts';
import { compareVersions } from './versions.ts';
import type { WatchEvent, WatchOptions } from './watch.ts';

/** The two verbs that a reflector needs; KubeClient has them. */
export interface ListWatcher {
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<ObjectList<T>>;
  watch<T extends KubeObject>(type: ResourceType<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>>;
}

/** What a reflector tells; called in order, and must not throw. */
export interface ReflectorSink<T extends KubeObject> {
  /** Runs on each listed object of a page while the next one is under way, so that only lean ones pile up. */
  prepare(object: T): T;
  replace(objects: T[], resourceVersion: string): void;
  event(event: WatchEvent<T>): void;
  /** After each failure, with the wait before the next try. */
  failed(error: KubeApiError, waitMs: number): void;
  /** After a list or the first event of a watch succeeded. */
  recovered(): void;
}

export interface ReflectorTimings {
  /** Silence after which a watch is dead; bookmarks come each 60 s, the first after up to 120. Default 150 s. */
  inactivityMs: number;
  /** The server ends a watch after a random time from this to its double. Default 300 s. */
  watchSeconds: number;
  backoff: { baseMs: number; maxMs: number };
  pageSize: number;
}

export const DEFAULT_TIMINGS: ReflectorTimings = {
  inactivityMs: 150_000,
  watchSeconds: 300,
  backoff: { baseMs: 800, maxMs: 30_000 },
  pageSize: 500,
};

export interface ReflectorOptions<T extends KubeObject> {
  client: ListWatcher;
  type: ResourceType<T>;
  selection: { namespace?: string; labelSelector?: string; fieldSelector?: string };
  sink: ReflectorSink<T>;
  clock: Clock;
  random: () => number;
  timings: ReflectorTimings;
}

/** Work between two turns of the event loop; beyond it a burst of events would hold up timers and sockets. */
const SLICE_MS = 20;
/** Watches in a row that the server served without one event before the version itself is doubted. */
const FRUITLESS_LIMIT = 3;
const LIST_TIMEOUT_MS = 60_000;

/** Errors that say nothing about the version: the watch goes on from where it was, however long it takes. */
const PASSING = [
  'Unreachable',
  'TooManyRequests',
  'Unavailable',
  'ServerError',
  'Unauthorized',
  'Forbidden',
] as const;

/**
 * Mirrors one resource, as client-go's reflector does (tools/cache/reflector.go):
 *
 *     list (in pages) → watch from the list's version → … resumed from the last version seen, after whatever
 *     error → Expired (410), an unreadable line or a doubtful version → list again, and the sink diffs
 *
 * A version is in doubt when watch after watch from it is served but says nothing, not even bookmarks, or when a
 * bookmark lies before it: so it looks after etcd was restored from a backup.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  /** Everything up to here has been told; undefined: list first. */
  #version: string | undefined;
  #failures = 0;
  #fruitless = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Runs until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal);
        else await this.#watch(this.#version, signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#backOff(asApiError(error), signal);
      }
    }
  }

  async #backOff(error: KubeApiError, signal: AbortSignal): Promise<void> {
    const { clock, random, sink, timings } = this.#options;
    this.#failures++;
    const wait = Math.max(backoffMs(this.#failures, timings.backoff, random), error.retryAfterMs ?? 0);
    sink.failed(error, wait);
    await sleep(clock, wait, signal);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { sink, timings } = this.#options;
    const { objects, resourceVersion } = await this.#pages(timings.pageSize, signal).catch((error) => {
      // The snapshot that the pages came from is gone: one whole list needs none.
      if (isApiError(error, 'Expired')) return this.#pages(undefined, signal);
      throw error;
    });
    if (signal.aborted) return;
    this.#version = resourceVersion;
    this.#fruitless = 0;
    sink.replace(objects, resourceVersion);
    // The count of failures stays: where each watch after a good list fails, lists must become rarer too.
    sink.recovered();
  }

  async #pages(
    limit: number | undefined,
    signal: AbortSignal,
  ): Promise<{ objects: T[]; resourceVersion: string }> {
    const { client, type, selection, sink } = this.#options;
    const pageAt = (from: string | undefined): Promise<ObjectList<T>> =>
      client.list(type, { ...selection, limit, continue: from, signal, timeoutMs: LIST_TIMEOUT_MS });
    const objects: T[] = [];
    let coming = pageAt(undefined);
    while (true) {
      const { items, resourceVersion, continue: next } = await coming;
      if (next !== undefined) {
        coming = pageAt(next);
        // Whoever waits for it sees the error; nobody does while this page is prepared.
        coming.catch(() => undefined);
        await yieldToLoop();
      }
      for (const object of items) objects.push(sink.prepare(object));
      if (next === undefined) return { objects, resourceVersion };
    }
  }

  /** One watch. Ends well when the server ends it, to be resumed at once; #version tells what comes next. */
  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, type, selection, sink, random, clock, timings } = this.#options;
    const timeoutSeconds = Math.round(timings.watchSeconds * (1 + random()));
    const { inactivityMs } = timings;
    let version = from;
    let seen = false;
    let sliceEnd = clock.monotonic() + SLICE_MS;
    try {
      const watch = { ...selection, resourceVersion: from, timeoutSeconds, inactivityMs, signal };
      for await (const event of client.watch(type, watch)) {
        if (signal.aborted) return;
        const at = versionOf(event);
        if ((compareVersions(at, version) ?? 0) < 0) {
          throw new KubeApiError('Expired', `The server went back from version ${version} to ${at}.`);
        }
        sink.event(event);
        version = at;
        this.#version = at;
        if (!seen) {
          seen = true;
          this.#failures = 0;
          this.#fruitless = 0;
          sink.recovered();
        }
        if (clock.monotonic() >= sliceEnd) {
          await yieldToLoop();
          sliceEnd = clock.monotonic() + SLICE_MS;
        }
      }
      if (!seen) throw new KubeApiError('Timeout', 'The watch ended before it said anything.');
    } catch (error) {
      if (!seen && !isApiError(error, ...PASSING)) this.#fruitless++;
      const unusable =
        isApiError(error, 'Expired', 'NotFound', 'BadResponse') || !(error instanceof KubeApiError);
      if (unusable || this.#fruitless >= FRUITLESS_LIMIT) this.#version = undefined;
      throw error;
    }
  }
}

function versionOf<T extends KubeObject>(event: WatchEvent<T>): string {
  return event.type === 'BOOKMARK' ? event.resourceVersion : (event.object.metadata.resourceVersion ?? '');
}

function asApiError(error: unknown): KubeApiError {
  if (error instanceof KubeApiError) return error;
  return new KubeApiError('BadResponse', `The reply could not be taken in: ${messageOf(error)}`, {
    cause: error,
  });
}
