import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Data } from './codec.ts';
import { AllocationError, unreadableMessage } from './errors.ts';
import { type LedgerStore, type StoredObject, VersionConflict } from './store.ts';

/** A change to a document: pure, may be run again on a fresher document; throws to refuse. */
export type Change<D, R> = (document: D) => { document: D; result: R };

interface Pending<D> {
  run: Change<D, unknown>;
  settle: (outcome: { result: unknown } | { error: unknown }) => void;
}

/**
 * Documents count their changes. Whoever writes down what was made of one notes the count with it, and so finds out
 * later whether the document that is there is older than that: restored from a backup.
 */
export interface Revised {
  /** Absent in one that a program wrote which did not count. */
  readonly revision?: number;
}

/** The document as one that is changed after whatever was made of it at a revision. */
export const raised = <D extends Revised>(document: D, revision: number | undefined): D =>
  revision !== undefined && revision > (document.revision ?? 0) ? { ...document, revision } : document;

export interface DocumentOptions<D extends Revised> {
  name: string;
  store: LedgerStore;
  empty: D;
  encode: (document: D) => Data;
  decode: (data: Data) => D;
  /** What someone else wrote, with what must not be lost of what was known; `amiss`: the store lacks some of that. */
  mend: (known: D, incoming: D) => { document: D; amiss: boolean };
  /** What is left of a document whose object is gone. */
  afterDeletion: (known: D) => D;
  /** Called with each document that is known to be stored, before the changes that made it are answered. */
  onStored: (document: D) => void;
  sleep: (ms: number) => Promise<void>;
  random: () => number;
  turn?: () => Promise<void>;
}

const MAX_TRIES = 8;

/**
 * One stored document under optimistic concurrency with group commit: all changes that arrive while a write is under
 * way go into the next one. This is the only place where a ledger write is retried. After a conflict or an unknown
 * outcome the document is read again and the changes are run on what is really there; a change that was written
 * before the reply got lost finds its own result in the document.
 */
export class LedgerDocument<D extends Revised> {
  readonly #options: DocumentOptions<D>;
  #stored: { document: D; version: string | undefined };
  /** The newest version that was ever told of, a deletion's too: an answer that is older comes too late. */
  #newest = 0n;
  /** The version that was last read, until the watch tells of it. */
  #untold: bigint | undefined;
  /** What is being written, until its answer; `isSeen`: a watch has told of it. */
  #writing: { document: D; data: Data; isSeen: boolean } | undefined;
  /** What came of reading what is stored. */
  #unreadable: Error | undefined;
  #amiss = false;
  #queue: Pending<D>[] = [];
  /** What is being written or removed. */
  #work: Promise<void> | undefined;

  constructor(options: DocumentOptions<D>) {
    this.#options = options;
    this.#stored = { document: options.empty, version: undefined };
  }

  get name(): string {
    return this.#options.name;
  }

  get document(): D {
    return this.#stored.document;
  }

  get version(): string | undefined {
    return this.#stored.version;
  }

  /** Why the stored object cannot be read, and what to do, in sentences; undefined when it can. */
  get unreadable(): string | undefined {
    return this.#unreadable && unreadableMessage(this.name, this.#unreadable);
  }

  /** Whether the stored object is not what it should be (deleted or cut by hand), so that the next change writes it. */
  get amiss(): boolean {
    return this.#amiss && this.#unreadable === undefined;
  }

  /** Whether what is stored is older than something that was made of it at a revision: lost, or out of a backup. */
  isOlderThan(revision: number | undefined): boolean {
    if (this.#unreadable !== undefined) return false;
    if (this.version === undefined) return true;
    return revision !== undefined && revision > (this.document.revision ?? 0);
  }

  /** Takes in what the store holds now, unless that or something newer is known; answers whether it was news. */
  observe(object: StoredObject): boolean {
    const version = BigInt(object.version);
    if (version <= this.#newest) return this.#wasUntold(version);
    const own = this.#writing;
    // A watch may tell of our own write before its answer does.
    if (own !== undefined && object.astray !== true && isDeepStrictEqual(object.data, own.data)) {
      own.isSeen = true;
      this.#hold(own.document, object.version);
      return false;
    }
    this.#take(object);
    return true;
  }

  /** What was only read, before the watch told of it, is news to everybody else here. */
  #wasUntold(version: bigint): boolean {
    if (this.#untold === undefined || version < this.#untold) return false;
    this.#untold = undefined;
    return true;
  }

  /**
   * The object is gone, deleted at `version` where that is known: what is left of it is written again by the next change,
   * and is amiss until then if it holds anything that must not be lost. Answers whether it was news.
   */
  observeDeleted(version?: string): boolean {
    if (version !== undefined && BigInt(version) < this.#newest) return false;
    if (version !== undefined) this.#newest = BigInt(version);
    this.#unreadable = undefined;
    this.#stored = { document: this.#options.afterDeletion(this.#stored.document), version: undefined };
    this.#amiss = this.#options.mend(this.#stored.document, this.#options.empty).amiss;
    return true;
  }

  change<R>(run: Change<D, R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({
        run,
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.result as R)),
      });
      this.#work ??= this.#commitAll();
    });
  }

  /** Removes the object once the changes before are written, unless it holds what must not be lost. */
  async remove(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    const removal = this.#removeStored();
    const goOn = (): void => {
      this.#work = this.#queue.length > 0 ? this.#commitAll() : undefined;
    };
    this.#work = removal.then(goOn, goOn);
    await removal;
  }

  async #removeStored(): Promise<void> {
    const { name, store, mend, empty } = this.#options;
    const { version, document } = this.#stored;
    if (mend(document, empty).amiss) throw new VersionConflict(`${name} is in use again.`);
    if (version !== undefined) await store.remove(name, version);
    this.#stored = { document: empty, version: undefined };
    this.#amiss = false;
  }

  /** Takes in what is stored now, if that is news. */
  async refresh(): Promise<void> {
    const object = await this.#options.store.read(this.#options.name);
    if (object !== undefined && this.observe(object)) this.#untold = BigInt(object.version);
  }

  async #commitAll(): Promise<void> {
    // Gathers what arrives together, so that a burst is one write.
    await (this.#options.turn ?? nextTurn)();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0);
      try {
        await this.#commit(batch);
      } catch (error) {
        for (const { settle } of batch) settle({ error });
      }
    }
    this.#work = undefined;
  }

  async #commit(batch: Pending<D>[]): Promise<void> {
    const { name, store, encode, sleep, random } = this.#options;
    for (let attempt = 0; ; attempt++) {
      if (this.unreadable !== undefined) throw new AllocationError('LedgerUnreadable', this.unreadable);
      const { document: changed, outcomes } = runAll(this.#stored.document, batch);
      const answer = () => {
        for (const [i, outcome] of outcomes.entries()) batch[i]?.settle(outcome);
      };
      try {
        const { version, document: before } = this.#stored;
        if (changed !== before || this.#amiss) {
          // A change may have raised it: to that of what was made of a later document than this.
          const revision = (changed.revision ?? 0) + (changed === before ? 0 : 1);
          const document = { ...changed, revision };
          const data = encode(document);
          this.#writing = { document, data, isSeen: false };
          const written = await (version === undefined
            ? store.create(name, data)
            : store.update(name, data, version));
          if (BigInt(written.version) > this.#newest) this.#hold(document, written.version);
        }
        return answer();
      } catch (error) {
        const isDone = this.#writing?.isSeen === true;
        // From here on it is news when a watch tells of it: its answer does not come any more.
        this.#writing = undefined;
        if (isDone) return answer();
        if (attempt + 1 >= MAX_TRIES) {
          throw new AllocationError(
            'LedgerUnavailable',
            `The ledger object ${name} could not be written after ${MAX_TRIES} tries; it is tried again.`,
            { cause: error },
          );
        }
        if (!(error instanceof VersionConflict)) await sleep(random() * Math.min(2000, 50 * 2 ** attempt));
        await this.#reread();
      } finally {
        this.#writing = undefined;
      }
    }
  }

  async #reread(): Promise<void> {
    const object = await this.#options.store.read(this.#options.name);
    if (object === undefined) {
      this.observeDeleted();
      return;
    }
    if (BigInt(object.version) > this.#newest) this.#untold = BigInt(object.version);
    this.#take(object);
  }

  /** The store holds just this. */
  #hold(document: D, version: string): void {
    this.#stored = { document, version };
    this.#newest = BigInt(version);
    this.#unreadable = undefined;
    this.#amiss = false;
    this.#options.onStored(document);
  }

  #take(object: StoredObject): void {
    this.#newest = BigInt(object.version);
    try {
      const incoming = this.#options.decode(object.data);
      const { document, amiss } = this.#mended(incoming);
      this.#unreadable = undefined;
      this.#amiss = amiss || object.astray === true;
      this.#stored = { document, version: object.version };
      this.#options.onStored(document);
    } catch (error) {
      // The last readable document stays for those who only read; nothing is changed until a person mends the object.
      this.#unreadable = error instanceof Error ? error : new Error(String(error));
      this.#stored = { ...this.#stored, version: object.version };
    }
  }

  /** Of a backup that somebody put in its place nothing is taken: what is known is what came of it. */
  #mended(incoming: D): { document: D; amiss: boolean } {
    const known = this.#stored.document;
    const { revision = known.revision } = incoming;
    if (revision === undefined) return this.#options.mend(known, incoming);
    if (revision < (known.revision ?? 0)) return { document: known, amiss: true };
    return this.#options.mend(known, { ...incoming, revision });
  }
}

type Outcome = { result: unknown } | { error: unknown };

function runAll<D>(start: D, batch: Pending<D>[]): { document: D; outcomes: Outcome[] } {
  let document = start;
  const outcomes = batch.map(({ run }): Outcome => {
    try {
      const changed = run(document);
      document = changed.document;
      return { result: changed.result };
    } catch (error) {
      return { error };
    }
  });
  return { document, outcomes };
}
