import { RouterOsError } from '../errors.ts';
import { textOf } from '../text.ts';

export interface DecoderLimits {
  /** Bytes of one word. */
  maxWordBytes: number;
  /** Words of one sentence. */
  maxWords: number;
  /** Bytes of all words of one sentence. */
  maxSentenceBytes: number;
}

export const DEFAULT_DECODER_LIMITS: DecoderLimits = {
  maxWordBytes: 256 * 1024,
  maxWords: 1024,
  maxSentenceBytes: 1024 * 1024,
};

/** A sentence and what it took on the wire. */
export interface Sentence {
  words: string[];
  bytes: number;
}

/** Empty sentences are to be ignored (manual, API, "API sentences"); so many in a row are no protocol. */
const MAX_EMPTY_SENTENCES = 1024;

/** First byte of a length → how many more follow and which bits of it count; from 0xF8 on reserved. */
const LENGTH_FORMS = [
  { below: 0x80, more: 0, mask: 0x7f },
  { below: 0xc0, more: 1, mask: 0x3f },
  { below: 0xe0, more: 2, mask: 0x1f },
  { below: 0xf0, more: 3, mask: 0x0f },
  // The manual writes 0xF0; the bits below are the length's only in shorter forms.
  { below: 0xf1, more: 4, mask: 0x00 },
] as const;

/**
 * Bytes in, sentences out, whatever the chunks. Two states: reading a length (`#missing` bytes of it still to come)
 * and filling a word. A length is checked against the limits before any of its bytes is waited for, so what is held
 * is never more than one sentence within its limits. Once it has thrown, it is of no more use.
 */
export class SentenceDecoder {
  readonly #limits: DecoderLimits;
  #words: string[] = [];
  #wordBytes = 0;
  #wireBytes = 0;
  #length = 0;
  #missing = 0;
  #word: Uint8Array | undefined;
  #filled = 0;
  #emptySentences = 0;

  constructor(limits: Partial<DecoderLimits> = {}) {
    this.#limits = { ...DEFAULT_DECODER_LIMITS, ...limits };
  }

  /** Throws `ProtocolViolation` or `TooLarge`; sentences before that point have been yielded. */
  *push(chunk: Uint8Array): Generator<Sentence, void, undefined> {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#word === undefined) {
        this.#wireBytes += 1;
        const complete = this.#readLengthByte(chunk[offset++] ?? 0);
        if (!complete) continue;
        if (this.#length === 0) {
          const sentence = this.#endSentence();
          if (sentence !== undefined) yield sentence;
        } else this.#startWord();
      } else {
        offset += this.#fillWord(this.#word, chunk, offset);
      }
    }
  }

  #readLengthByte(byte: number): boolean {
    if (this.#missing > 0) {
      this.#length = this.#length * 256 + byte;
      this.#missing -= 1;
      return this.#missing === 0;
    }
    const form = LENGTH_FORMS.find(({ below }) => byte < below);
    if (form === undefined)
      throw new RouterOsError(
        'ProtocolViolation',
        'The router sent a reserved control byte in place of a length.',
      );
    this.#length = byte & form.mask;
    this.#missing = form.more;
    return form.more === 0;
  }

  #startWord(): void {
    const { maxWordBytes, maxWords, maxSentenceBytes } = this.#limits;
    if (this.#length > maxWordBytes) throw tooLarge(`a word of ${this.#length} bytes`, maxWordBytes);
    if (this.#words.length >= maxWords) throw tooLarge('a sentence of too many words', maxWords);
    this.#wordBytes += this.#length;
    if (this.#wordBytes > maxSentenceBytes) throw tooLarge('a sentence of too many bytes', maxSentenceBytes);
    this.#word = new Uint8Array(this.#length);
    this.#filled = 0;
  }

  #fillWord(word: Uint8Array, chunk: Uint8Array, offset: number): number {
    const taken = Math.min(word.length - this.#filled, chunk.length - offset);
    word.set(chunk.subarray(offset, offset + taken), this.#filled);
    this.#filled += taken;
    this.#wireBytes += taken;
    if (this.#filled === word.length) {
      this.#words.push(textOf(word));
      this.#word = undefined;
    }
    return taken;
  }

  #endSentence(): Sentence | undefined {
    const sentence = { words: this.#words, bytes: this.#wireBytes };
    this.#words = [];
    this.#wordBytes = 0;
    this.#wireBytes = 0;
    if (sentence.words.length > 0) {
      this.#emptySentences = 0;
      return sentence;
    }
    this.#emptySentences += 1;
    if (this.#emptySentences > MAX_EMPTY_SENTENCES)
      throw new RouterOsError('ProtocolViolation', 'The router sends nothing but empty sentences.');
    return undefined;
  }
}

const tooLarge = (what: string, limit: number): RouterOsError =>
  new RouterOsError('TooLarge', `The router sent ${what}; the limit is ${limit}.`);
