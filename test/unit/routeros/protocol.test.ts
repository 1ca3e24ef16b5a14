import fc from 'fast-check';
import { SentenceDecoder } from '../../../src/routeros/api/decoder.ts';
import { encodeLength, encodeSentence, wordsOf } from '../../../src/routeros/api/encoder.ts';
import { RouterOsError } from '../../../src/routeros/index.ts';
import { bytesOf, textOf } from '../../../src/routeros/text.ts';
import { lengthBytes, sentence } from './wire.ts';

const decode = (decoder: SentenceDecoder, ...chunks: Uint8Array[]): string[][] =>
  chunks.flatMap((chunk) => [...decoder.push(chunk)].map(({ words }) => words));

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof RouterOsError) return error.code;
    throw error;
  }
  return 'no error';
};

describe('encoding', () => {
  test('the log-in of the manual is these bytes', () => {
    const bytes = encodeSentence(wordsOf({ path: '/login', attributes: { name: 'admin', password: '' } }));
    expect(bytes.toString('hex')).toBe(
      ['06', '2f6c6f67696e', '0b', '3d6e616d653d61646d696e', '0a', '3d70617373776f72643d', '00'].join(''),
    );
  });

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
    [0xffffffff, 'f0ffffffff'],
  ])('a length of %d is %s', (length, hex) => {
    expect(encodeLength(length).toString('hex')).toBe(hex);
  });

  test('every length is what the table of the manual says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (length) => {
        expect([...encodeLength(length)]).toEqual(lengthBytes(length));
      }),
    );
  });

  test('a command becomes path, attributes, proplist and queries', () => {
    expect(
      wordsOf({
        path: '/interface/print',
        attributes: { disabled: true, mtu: 1420, comment: '' },
        proplist: ['name', 'type'],
        queries: ['type=ether', 'type=vlan', '#|!'],
      }),
    ).toEqual([
      '/interface/print',
      '=disabled=yes',
      '=mtu=1420',
      '=comment=',
      '=.proplist=name,type',
      '?type=ether',
      '?type=vlan',
      '?#|!',
    ]);
  });

  test.each([
    [['/system identity print']],
    [['system/identity/print']],
    [[]],
    [['/login\n/quit']],
    [['/interface/print', 'name=x']],
    [['/interface/print', '.tag=1']],
    [['/interface/print', '']],
    [{ path: '/interface/set', attributes: { 'na=me': 'x' } }],
    [{ path: '/interface/set', attributes: { '': 'x' } }],
    [{ path: '/interface/print', proplist: ['name,type=x\n'] }],
  ])('%j is refused before anything is sent', (command) => {
    expect(codeOf(() => wordsOf(command))).toBe('InvalidRequest');
  });

  test('an empty word, which would end the sentence early, is refused', () => {
    expect(codeOf(() => encodeSentence(['/interface/print', '']))).toBe('InvalidRequest');
  });

  test('no value of an attribute changes how many words there are, or their names', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
        const words = wordsOf({ path: '/system/identity/set', attributes: { name: value } });
        const read = decode(new SentenceDecoder(), encodeSentence(words));
        expect(read).toEqual([['/system/identity/set', `=name=${textOf(bytesOf(value))}`]]);
      }),
    );
  });
});

describe('decoding', () => {
  // The replies as MikroTik's manual (API) and clients' fixtures show them, byte for byte.
  const CAPTURED = [
    {
      hex: '05 21646f6e65 00',
      words: ['!done'],
    },
    {
      hex: '05 2174726170 2a 3d6d6573736167653d696e76616c69642075736572206e616d65206f722070617373776f726420283629 00',
      words: ['!trap', '=message=invalid user name or password (6)'],
    },
    {
      hex: '06 21666174616c 0d 6e6f74206c6f6767656420696e 00',
      words: ['!fatal', 'not logged in'],
    },
    {
      hex: '06 21666174616c 1d 73657373696f6e207465726d696e61746564206f6e2072657175657374 00',
      words: ['!fatal', 'session terminated on request'],
    },
    {
      hex: '03 217265 07 3d2e69643d2a31 0c 3d64697361626c65643d6e6f 0c 3d6e616d653d657468657231 06 2e7461673d33 00',
      words: ['!re', '=.id=*1', '=disabled=no', '=name=ether1', '.tag=3'],
    },
    {
      hex: '06 21656d707479 06 2e7461673d34 00',
      words: ['!empty', '.tag=4'],
    },
    {
      hex: '05 21646f6e65 07 3d7265743d2a35 00',
      words: ['!done', '=ret=*5'],
    },
  ];

  test.each(CAPTURED)('reads $words', ({ hex, words }) => {
    expect(decode(new SentenceDecoder(), Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toEqual([words]);
  });

  const anyWord = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((text) => text.toWellFormed()),
    fc.integer({ min: 100, max: 20_000 }).map((length) => 'x'.repeat(length)),
  );
  const anySentences = fc.array(fc.array(anyWord, { minLength: 1, maxLength: 6 }), { maxLength: 6 });

  test('gives the same sentences wherever the bytes are cut', () => {
    fc.assert(
      fc.property(anySentences, fc.array(fc.nat(), { maxLength: 20 }), (sentences, cuts) => {
        const bytes = Buffer.concat(sentences.map((words) => sentence(...words)));
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, index) =>
          bytes.subarray(from, places[index] ?? bytes.length),
        );
        expect(decode(new SentenceDecoder(), ...chunks)).toEqual(sentences);
      }),
      { numRuns: 500 },
    );
  });

  test('gives the same sentences byte by byte', () => {
    const sentences = [
      ['!re', `=comment=${'é'.repeat(9000)}`, '=name=a=b'],
      ['!done', '.tag=12'],
    ];
    const bytes = Buffer.concat(sentences.map((words) => sentence(...words)));
    const decoder = new SentenceDecoder();
    expect(decode(decoder, ...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(sentences);
  });

  test('counts what a sentence took on the wire', () => {
    const bytes = sentence('!re', `=comment=${'x'.repeat(500)}`);
    expect([...new SentenceDecoder().push(bytes)].map((read) => read.bytes)).toEqual([bytes.length]);
  });

  test('ignores empty sentences, as the manual says, but not for ever', () => {
    expect(decode(new SentenceDecoder(), Buffer.alloc(1000), sentence('!done'))).toEqual([['!done']]);
    expect(codeOf(() => decode(new SentenceDecoder(), Buffer.alloc(100_000)))).toBe('ProtocolViolation');
  });

  test('reads bytes that are no UTF-8 without failing', () => {
    const latin1 = Buffer.concat([Buffer.from('=name=Z'), Buffer.of(0xfc), Buffer.from('rich')]);
    expect(decode(new SentenceDecoder(), sentence('!re', latin1))).toEqual([['!re', '=name=Z\udcfcrich']]);
  });

  test.each([0xf1, 0xf7, 0xf8, 0xff])('refuses the control byte %d', (byte) => {
    expect(codeOf(() => decode(new SentenceDecoder(), Uint8Array.of(byte)))).toBe('ProtocolViolation');
  });
});

describe('limits of what is decoded', () => {
  test('a length of 4 GiB is refused before anything is held for it', () => {
    expect(codeOf(() => decode(new SentenceDecoder(), Buffer.from('f0ffffffff', 'hex')))).toBe('TooLarge');
  });

  test('a word may be as long as the limit and not a byte longer', () => {
    const limits = { maxWordBytes: 1000 };
    expect(decode(new SentenceDecoder(limits), sentence('x'.repeat(1000)))).toEqual([['x'.repeat(1000)]]);
    expect(codeOf(() => decode(new SentenceDecoder(limits), Buffer.from(lengthBytes(1001))))).toBe(
      'TooLarge',
    );
  });

  test('a sentence of endless words ends at the limit of words', () => {
    const word = Buffer.from([1, 0x61]);
    const decoder = new SentenceDecoder({ maxWords: 100 });
    const fed: number[] = [];
    expect(
      codeOf(() => {
        for (let count = 1; count <= 1000; count += 1) {
          decode(decoder, word);
          fed.push(count);
        }
      }),
    ).toBe('TooLarge');
    expect(fed).toHaveLength(100);
  });

  test('a sentence of large words ends at the limit of bytes', () => {
    const word = sentence('x'.repeat(900)).subarray(0, -1);
    const decoder = new SentenceDecoder({ maxWordBytes: 1000, maxSentenceBytes: 2000 });
    expect(decode(decoder, word, word)).toEqual([]);
    expect(codeOf(() => decode(decoder, word))).toBe('TooLarge');
  });

  test('any bytes give sentences within the limits, or an error of ours', () => {
    const limits = { maxWordBytes: 64, maxWords: 8, maxSentenceBytes: 256 };
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const decoder = new SentenceDecoder(limits);
        try {
          for (const chunk of chunks)
            for (const { words } of decoder.push(chunk)) {
              expect(words.length).toBeLessThanOrEqual(limits.maxWords);
              for (const word of words) expect(word.length).toBeLessThanOrEqual(limits.maxWordBytes);
            }
        } catch (error) {
          expect(['TooLarge', 'ProtocolViolation']).toContain((error as RouterOsError).code);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
