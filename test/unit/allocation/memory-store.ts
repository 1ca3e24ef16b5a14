import { type LedgerStore, type StoredObject, VersionConflict } from '../../../src/allocation/index.ts';

/** What goes wrong with one write, as a real API server lets it go wrong. */
export type Fault = 'none' | 'refused' | 'lost reply';

/** A store with optimistic concurrency whose writes can fail before or after they took effect. */
export class MemoryStore implements LedgerStore {
  readonly objects = new Map<string, StoredObject>();
  writes = 0;
  #version = 0;
  readonly #fault: () => Fault;

  constructor(fault: () => Fault = () => 'none') {
    this.#fault = fault;
  }

  async read(name: string): Promise<StoredObject | undefined> {
    await Promise.resolve();
    return this.objects.get(name);
  }

  async create(name: string, data: StoredObject['data']): Promise<StoredObject> {
    await Promise.resolve();
    if (this.objects.has(name)) throw new VersionConflict(name);
    return this.#write(name, data);
  }

  async update(name: string, data: StoredObject['data'], version: string): Promise<StoredObject> {
    await Promise.resolve();
    if (this.objects.get(name)?.version !== version) throw new VersionConflict(name);
    return this.#write(name, data);
  }

  async remove(name: string, version: string): Promise<void> {
    await Promise.resolve();
    const stored = this.objects.get(name);
    if (stored !== undefined && stored.version !== version) throw new VersionConflict(name);
    this.objects.delete(name);
  }

  #write(name: string, data: StoredObject['data']): StoredObject {
    const fault = this.#fault();
    if (fault === 'refused') throw new Error('connection reset before the request was sent');
    this.writes++;
    this.#version++;
    const stored = { name, data: { ...data }, version: String(this.#version) };
    this.objects.set(name, stored);
    if (fault === 'lost reply') throw new Error('connection reset while waiting for the reply');
    return stored;
  }
}
