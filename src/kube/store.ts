import { KeysByValue } from './keys-by-value.ts';
import { type KubeObject, keyOf } from './object.ts';

/** One change of an informer's store, after it was made. */
export type Change<T extends KubeObject> =
  /** `initial`: the object was there in the first list. */
  | { type: 'added'; key: string; object: T; old?: undefined; initial: boolean }
  | { type: 'updated'; key: string; object: T; old: T; initial: false }
  /** `object` is the last state known, which may not be the last there was. */
  | { type: 'deleted'; key: string; object: T; old?: undefined; initial: false };

/** Name → the values under which an object is found; must depend on the object alone. */
export type Indexes<T extends KubeObject> = Record<string, (object: T) => string[]>;

/** Objects by key and by indexes. Changes are returned, not announced. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes: { name: string; values: (object: T) => string[]; keys: KeysByValue }[];

  constructor(indexes: Indexes<T>) {
    this.#indexes = Object.entries(indexes).map(([name, values]) => ({
      name,
      values,
      keys: new KeysByValue(),
    }));
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): string[] {
    return [...this.#objects.keys()];
  }

  /** In no order; throws for an index that was not declared. */
  byIndex(name: string, value: string): T[] {
    const index = this.#indexes.find((candidate) => candidate.name === name);
    if (index === undefined) throw new TypeError(`There is no index ${name}.`);
    const found: T[] = [];
    for (const key of index.keys.get(value)) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** undefined when the store has this very version already. */
  set(object: T, initial: boolean): Change<T> | undefined {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old !== undefined) {
      if (isSame(old, object)) return undefined;
      this.#unindex(key, old);
    }
    this.#objects.set(key, object);
    this.#index(key, object);
    return old === undefined
      ? { type: 'added', key, object, initial }
      : { type: 'updated', key, object, old, initial: false };
  }

  /** `last` is the state that came with the deletion. */
  delete(key: string, last?: T): Change<T> | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#unindex(key, old);
    this.#objects.delete(key);
    return { type: 'deleted', key, object: last ?? old, initial: false };
  }

  /**
   * Makes the store hold exactly these objects. What is no longer there is reported deleted; an object that was
   * deleted and made again under its name meanwhile is reported deleted, then added.
   */
  *replace(objects: readonly T[], initial: boolean): Generator<Change<T>> {
    const present = new Map(objects.map((object) => [keyOf(object), object]));
    for (const [key, old] of [...this.#objects]) {
      const now = present.get(key);
      if (now !== undefined && now.metadata.uid === old.metadata.uid) continue;
      const change = this.delete(key);
      if (change !== undefined) yield change;
    }
    for (const object of present.values()) {
      const change = this.set(object, initial);
      if (change !== undefined) yield change;
    }
  }

  #index(key: string, object: T): void {
    for (const { values, keys } of this.#indexes) {
      for (const value of values(object)) keys.add(value, key);
    }
  }

  #unindex(key: string, object: T): void {
    for (const { values, keys } of this.#indexes) {
      for (const value of values(object)) keys.delete(value, key);
    }
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}
