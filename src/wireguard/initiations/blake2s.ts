/** RFC 7693 §2.6; also the initial values of SHA-256. */
const INITIAL = Uint32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** RFC 7693 §2.7, a row for each of ten rounds. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;

/** §3.2: columns, then diagonals. */
const MIXES = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const BLOCK = 64;

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

const words = new Uint32Array(16);
const work = new Uint32Array(16);
const at = (index: number): number => work[index] as number;
const word = (index: number): number => words[index] as number;

function mix([a, b, c, d]: readonly [number, number, number, number], x: number, y: number): void {
  work[a] = at(a) + at(b) + x;
  work[d] = rotate(at(d) ^ at(a), 16);
  work[c] = at(c) + at(d);
  work[b] = rotate(at(b) ^ at(c), 12);
  work[a] = at(a) + at(b) + y;
  work[d] = rotate(at(d) ^ at(a), 8);
  work[c] = at(c) + at(d);
  work[b] = rotate(at(b) ^ at(c), 7);
}

function compress(state: Uint32Array, block: Buffer, counted: number, isLast: boolean): void {
  for (let index = 0; index < 16; index += 1) words[index] = block.readUInt32LE(4 * index);
  work.set(state);
  work.set(INITIAL, 8);
  work[12] = at(12) ^ counted;
  if (isLast) work[14] = ~at(14);
  for (const order of SIGMA) {
    for (const [index, lanes] of MIXES.entries()) {
      mix(lanes, word(order[2 * index] as number), word(order[2 * index + 1] as number));
    }
  }
  for (let index = 0; index < 8; index += 1)
    state[index] = (state[index] as number) ^ at(index) ^ at(index + 8);
}

/**
 * Keyed BLAKE2s (RFC 7693), which node:crypto has without a key only. `key` of at most 32 bytes, empty for a plain
 * hash; at most 4 GiB of input; `length` of the result in bytes, at most 32.
 */
export function blake2s(key: Uint8Array, input: Uint8Array, length: number): Buffer {
  const state = Uint32Array.from(INITIAL);
  state[0] = (state[0] as number) ^ 0x01010000 ^ (key.length << 8) ^ length;
  const head = key.length === 0 ? 0 : BLOCK;
  const whole = Buffer.alloc(Math.max(BLOCK, Math.ceil((head + input.length) / BLOCK) * BLOCK));
  whole.set(key);
  whole.set(input, head);
  for (let from = 0; from < whole.length; from += BLOCK) {
    const isLast = from + BLOCK === whole.length;
    const counted = isLast ? head + input.length : from + BLOCK;
    compress(state, whole.subarray(from, from + BLOCK), counted, isLast);
  }
  const result = Buffer.alloc(32);
  for (const [index, value] of state.entries()) result.writeUInt32LE(value, 4 * index);
  return result.subarray(0, length);
}
