/** Bounds what is remembered for sharing; beyond it, all begins anew. */
const MOST = 8192;

/**
 * Gives equal values one object, for caches of many objects that are alike in parts. Only for values that nobody
 * changes, as those of an informer's store.
 */
export class SharedValues {
  readonly #known = new Map<string, unknown>();

  of<V>(value: V): V {
    if (value === undefined) return value;
    const key = JSON.stringify(value);
    const known = this.#known.get(key);
    if (known !== undefined) return known as V;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(key, value);
    return value;
  }
}
