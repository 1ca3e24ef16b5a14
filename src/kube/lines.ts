import { KubeApiError } from './errors.ts';

const NEWLINE = 0x0a;

/**
 * Cuts a byte stream into lines, wherever its chunks end. Lines are decoded whole, so that a character cut by a
 * chunk's end survives. A line longer than `maxBytes` is an error (BadResponse) before it is complete.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that this chunk completes, in order, without their newlines; empty ones are left out. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    while (true) {
      const end = chunk.indexOf(NEWLINE, start);
      const part = chunk.subarray(start, end < 0 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#maxBytes) {
        throw new KubeApiError('BadResponse', `The server sent a line of more than ${this.#maxBytes} bytes.`);
      }
      if (end < 0) {
        if (part.length > 0) this.#parts.push(part);
        return;
      }
      const line = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part]);
      this.#parts = [];
      this.#length = 0;
      if (line.length > 0) yield line.toString('utf8');
      start = end + 1;
    }
  }
}
