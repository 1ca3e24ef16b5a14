/**
 * The API's framing (MikroTik manual, "API", section "API words"): a sentence is a list of words and an empty one;
 * each word has its length before it, in 1 to 5 bytes.
 */

export class FramingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FramingError';
  }
}

export interface FramingLimits {
  /** Most bytes of one word. */
  wordBytes: number;
  /** Most bytes of the words of one sentence together. */
  sentenceBytes: number;
}

/** Text travels as bytes; RouterOS itself knows no encoding, and current clients write UTF-8. */
export function encodeSentence(words: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const word of words) {
    const bytes = Buffer.from(word, 'utf8');
    parts.push(encodeLength(bytes.length), bytes);
  }
  parts.push(Buffer.of(0));
  return Buffer.concat(parts);
}

export function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x4000) return bigEndian(length | 0x8000, 2);
  if (length < 0x20_0000) return bigEndian(length | 0xc0_0000, 3);
  if (length < 0x1000_0000) return bigEndian((length | 0xe000_0000) >>> 0, 4);
  return Buffer.concat([Buffer.of(0xf0), bigEndian(length, 4)]);
}

function bigEndian(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** Cuts a stream into sentences. */
export class SentenceReader {
  limits: FramingLimits;
  #pending = Buffer.alloc(0);
  #words: string[] = [];
  #sentenceBytes = 0;

  constructor(limits: FramingLimits) {
    this.limits = limits;
  }

  /** Sentences that are complete with this chunk. @throws {FramingError} on reserved lengths and above the limits. */
  *push(chunk: Buffer): Generator<string[]> {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const header = decodeLength(this.#pending);
      if (header === undefined) return;
      const { length, headerBytes } = header;
      this.#sentenceBytes += this.#pending.length < headerBytes + length ? 0 : length;
      if (length > this.limits.wordBytes || this.#sentenceBytes > this.limits.sentenceBytes) {
        throw new FramingError(`A word of ${length} bytes is too long.`);
      }
      if (this.#pending.length < headerBytes + length) return;
      const word = this.#pending.toString('utf8', headerBytes, headerBytes + length);
      this.#pending = this.#pending.subarray(headerBytes + length);
      if (length > 0) {
        this.#words.push(word);
        continue;
      }
      const sentence = this.#words;
      this.#words = [];
      this.#sentenceBytes = 0;
      if (sentence.length > 0) yield sentence;
    }
  }
}

function decodeLength(bytes: Buffer): { length: number; headerBytes: number } | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first >= 0xf8) throw new FramingError(`Length byte 0x${first.toString(16)} is reserved.`);
  const headerBytes = first < 0x80 ? 1 : first < 0xc0 ? 2 : first < 0xe0 ? 3 : first < 0xf0 ? 4 : 5;
  if (bytes.length < headerBytes) return undefined;
  if (headerBytes === 5) return { length: bytes.readUInt32BE(1), headerBytes };
  const marks = [0, 0, 0x8000, 0xc0_0000, 0xe000_0000][headerBytes] ?? 0;
  return { length: bytes.readUIntBE(0, headerBytes) - marks, headerBytes };
}
