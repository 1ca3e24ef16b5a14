/**
 * Chance that can be found again. Each question has a name, and its answer depends on the seed and that name alone: a
 * history from which one step is taken away meets the same delays and faults in all that it still does.
 */
export class Chance {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In [0, 1). */
  of(name: string): number {
    return mixed(hashed(name, this.#seed)) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(name: string, min: number, max: number): number {
    return min + Math.floor(this.of(name) * (max - min + 1));
  }

  pick<T>(name: string, list: readonly T[]): T {
    return list[Math.floor(this.of(name) * list.length)] as T;
  }

  /** Numbers in [0, 1) one after the other, under one name. */
  sequence(name: string): () => number {
    let count = 0;
    return () => this.of(`${name}#${count++}`);
  }
}

/** FNV-1a, 32 bits. */
function hashed(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The last step of MurmurHash3: names that differ in one letter get answers that have nothing in common. */
function mixed(hash: number): number {
  let bits = hash;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
