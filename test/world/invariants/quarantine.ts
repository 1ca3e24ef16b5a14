/** 3. The address of a Router that is gone goes to another only after its quarantine, or to whom a manifest gives it. */
import type { AddressEntry } from '../../../src/allocation/index.ts';
import type { Router } from '../../../src/api/index.ts';
import { keyOf } from '../../../src/kube/index.ts';
import type { Change } from '../api/server.ts';
import type { Picture } from '../picture.ts';
import { Violation } from '../violation.ts';
import { QUARANTINE_SECONDS } from './times.ts';

export class Quarantine {
  #places = new Map<string, AddressEntry>();
  /** Routers that ever pinned an address. */
  readonly #pins = new Set<string>();
  readonly #wall: () => number;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  see({ plural, after }: Change): void {
    const address = plural === 'routers' ? (after as Router | undefined)?.spec.address : undefined;
    if (after !== undefined && address !== undefined) this.#pins.add(`${keyOf(after)} ${address}`);
  }

  forget(): void {
    this.#places = new Map();
  }

  ledger(picture: Picture): void {
    const places = new Map<string, AddressEntry>();
    for (const { tunnel, address, entry } of picture.records()) {
      if (address === undefined) continue;
      const place = `${address} of tunnel ${tunnel}`;
      places.set(place, entry);
      const before = this.#places.get(place);
      if (before === undefined || before.owner === entry.owner) continue;
      const free = Date.parse(before.releasedAt ?? '') + QUARANTINE_SECONDS * 1000;
      if (this.#wall() >= free || this.#pins.has(`${entry.owner} ${address}`)) continue;
      throw new Violation(
        '3 quarantine',
        `${place} went from ${before.owner} (released ${before.releasedAt}) to ${entry.owner}`,
      );
    }
    this.#places = places;
  }
}
