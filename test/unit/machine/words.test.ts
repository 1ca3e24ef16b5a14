import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeLength, encodeSentence, SentenceReader } from '../../simulator/machine/api/words.ts';

const LIMITS = { wordBytes: 1 << 20, sentenceBytes: 1 << 20 };

describe('the framing of the API', () => {
  // The manual's table ("API", section "API words").
  test.each([
    [0x00, '00'],
    [0x7f, '7f'],
    [0x80, '8080'],
    [0x3fff, 'bfff'],
    [0x4000, 'c04000'],
    [0x1fffff, 'dfffff'],
    [0x200000, 'e0200000'],
    [0xfffffff, 'efffffff'],
    [0x10000000, 'f010000000'],
  ])('writes the length %i as 0x%s', (length, expected) => {
    expect(encodeLength(length).toString('hex')).toBe(expected);
  });

  test('reads what it wrote, however the stream was cut', () => {
    const words = fc.array(fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' }), { minLength: 1 });
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
        (sentences, cut) => {
          const bytes = Buffer.concat(sentences.map(encodeSentence));
          const reader = new SentenceReader(LIMITS);
          const read: string[][] = [];
          for (let at = 0; at < bytes.length; at += cut)
            read.push(...reader.push(bytes.subarray(at, at + cut)));
          expect(read).toEqual(sentences);
        },
      ),
    );
  });

  test('refuses reserved lengths', () => {
    for (const first of [0xf8, 0xff]) {
      expect(() => [...new SentenceReader(LIMITS).push(Buffer.of(first, 0, 0, 0, 0))]).toThrow('reserved');
    }
  });

  test('refuses a long word at its announcement, and a long sentence', () => {
    const reader = () => new SentenceReader({ wordBytes: 10, sentenceBytes: 25 });
    expect(() => [...reader().push(encodeLength(11))]).toThrow('too long');
    const word = 'x'.repeat(10);
    expect([...reader().push(encodeSentence([word, word]))]).toEqual([[word, word]]);
    expect(() => [...reader().push(encodeSentence([word, word, word]))]).toThrow('too long');
  });
});
