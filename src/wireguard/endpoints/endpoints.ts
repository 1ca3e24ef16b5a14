import type { Logger } from '../logger.ts';
import type { PeerObservation } from '../protocol.ts';
import { EndpointMemory, type Recalled } from './memory.ts';
import { type EndpointRecord, isOld } from './record.ts';
import type { EndpointStore } from './store.ts';

export interface EndpointsOptions {
  /** Where they outlive this process; without it they are remembered for as long as it lives. */
  store?: EndpointStore | undefined;
  logger: Logger;
}

const wallSeconds = (): number => Math.floor(Date.now() / 1000);

/** Where peers were last seen, so that an interface that has to be made anew finds them again. */
export class Endpoints {
  readonly #store: EndpointStore | undefined;
  readonly #logger: Logger;
  readonly #memory = new EndpointMemory();
  #isBroken = false;

  constructor({ store, logger }: EndpointsOptions) {
    this.#store = store;
    this.#logger = logger;
  }

  note(interfaceName: string, observation: PeerObservation): void {
    this.#memory.note(interfaceName, observation, wallSeconds());
  }

  /** What an interface that is being made anew is to be told, with what the caller knows; what is no peer of it is forgotten. */
  async recall(
    interfaceName: string,
    isPeer: (publicKey: string) => boolean,
    told?: EndpointRecord,
  ): Promise<Recalled> {
    if (!this.#memory.knows(interfaceName)) {
      const record = await this.#store?.load(interfaceName);
      if (record !== undefined) this.#memory.adopt(interfaceName, record);
    }
    if (told !== undefined) this.#memory.adopt(interfaceName, told);
    return this.#memory.recall(interfaceName, isPeer, wallSeconds());
  }

  retain(interfaceName: string, isPeer: (publicKey: string) => boolean): void {
    this.#memory.retain(interfaceName, isPeer);
  }

  drop(interfaceName: string, publicKeys: readonly string[]): void {
    this.#memory.drop(interfaceName, publicKeys);
  }

  /** Forgets a tunnel, on the disk as well. */
  async forget(interfaceName: string): Promise<void> {
    this.#memory.forget(interfaceName);
    await this.#attempt((store) => store.remove(interfaceName));
  }

  /** Removes old records of tunnels that are not on the node; after a reboot none is there yet, and young ones serve. */
  async prune(exists: (interfaceName: string) => Promise<boolean>): Promise<void> {
    for (const name of (await this.#store?.list()) ?? []) {
      if (this.#memory.knows(name) || (await exists(name))) continue;
      const record = await this.#store?.load(name);
      const isOfUse = record !== undefined && !isOld(record, wallSeconds());
      // It may have been put meanwhile.
      if (!isOfUse && !this.#memory.knows(name)) await this.forget(name);
    }
  }

  /** Writes down what is worth it; at the end, everything that has changed. */
  async flush(atEnd = false): Promise<void> {
    if (this.#store === undefined) return;
    const outcomes: boolean[] = [];
    for (const name of this.#memory.due(performance.now(), atEnd)) {
      const record = this.#memory.take(name, performance.now());
      if (record === undefined) continue;
      const isWritten = await this.#attempt((store) => store.save(name, record));
      if (!isWritten) this.#memory.putBack(name);
      outcomes.push(isWritten);
    }
    // A small record may still fit where a large one does not.
    if (outcomes.length > 0 && outcomes.every(Boolean)) this.#isBroken = false;
  }

  /** A record is a convenience: that it cannot be written is said once, and hinders nothing. Resolves with success. */
  async #attempt(action: (store: EndpointStore) => Promise<void>): Promise<boolean> {
    if (this.#store === undefined) return false;
    try {
      await action(this.#store);
      return true;
    } catch (err) {
      if (!this.#isBroken) {
        this.#logger.warn(
          { err },
          'The endpoints of peers cannot be written down; after a restart routers have to speak first.',
        );
      }
      this.#isBroken = true;
      return false;
    }
  }
}
