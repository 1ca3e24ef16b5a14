import fc from 'fast-check';
import { SentenceDecoder } from '../../../src/routeros/api/decoder.ts';
import { encodeSentence } from '../../../src/routeros/api/encoder.ts';
import { quote } from '../../../src/routeros/index.ts';
import { bytesOf, textOf } from '../../../src/routeros/text.ts';

/** "Офис" as WinBox on a Russian Windows writes it. */
const CP1251 = Buffer.from('CEF4E8F1', 'hex');

test('any bytes survive being read and sent', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(Buffer.compare(bytesOf(textOf(bytes)), Buffer.from(bytes))).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

test('any text in UTF-8 is itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      expect(textOf(Buffer.from(text, 'utf8'))).toBe(text.toWellFormed());
    }),
  );
});

test.each<[string, string]>([
  ['CEF4E8F1', '\udcce\udcf4\udce8\udcf1'],
  ['41CE42', 'A\udcceB'],
  ['C0AF', '\udcc0\udcaf'],
  ['EDA080', '\udced\udca0\udc80'],
  ['E282', '\udce2\udc82'],
  ['E282AC', '€'],
  ['EFBBBF41', '\ufeffA'],
])('%s is %j', (hex, text) => {
  expect(textOf(Buffer.from(hex, 'hex'))).toBe(text);
});

test('a word of a sentence and a text of a script carry a code page’s bytes', () => {
  const text = textOf(CP1251);
  const sentence = encodeSentence(['/system/identity/set', `=name=${text}`]);
  expect(sentence.includes(CP1251)).toBe(true);
  expect([...new SentenceDecoder().push(sentence)][0]?.words).toEqual([
    '/system/identity/set',
    `=name=${text}`,
  ]);
  expect(quote(text)).toBe('"\\CE\\F4\\E8\\F1"');
});

test('what is shown to people has no half characters', () => {
  expect(`${textOf(CP1251)} office`.replace(/[\p{C}]/gu, '')).toBe(' office');
});
