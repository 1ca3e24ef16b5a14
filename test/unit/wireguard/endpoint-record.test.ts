import fc from 'fast-check';
import {
  isEndpoint,
  isOld,
  MAX_RECORD_BYTES,
  parseRecord,
  renderRecord,
  speakersOf,
} from '../../../src/wireguard/endpoints/record.ts';
import { keyOf } from './peers.ts';
import { endpoint, record } from './sightings.ts';

const TEXT = `{"writtenAt":1700000000,"peers":{
"${keyOf(1)}":["203.0.113.7:51820",1699999990],
"${keyOf(2)}":["[2001:db8::7]:1024",0]
}}
`;

describe('a record of endpoints', () => {
  test('a person can read it, a peer a line', () => {
    const peers = new Map([
      [keyOf(1), { endpoint: '203.0.113.7:51820', lastHandshake: 1_699_999_990 }],
      [keyOf(2), { endpoint: '[2001:db8::7]:1024', lastHandshake: 0 }],
    ]);
    expect(renderRecord({ writtenAt: 1_700_000_000, peers })).toBe(TEXT);
  });

  test('what was written is read back, in its order', () => {
    fc.assert(
      fc.property(record, (written) => {
        const read = parseRecord(renderRecord(written));
        expect(read).toEqual(written);
        expect([...(read?.peers.keys() ?? [])]).toEqual([...written.peers.keys()]);
      }),
      { numRuns: 1000 },
    );
  });

  test('of as many peers as one tunnel may have, with the longest of addresses, is read back', () => {
    const longest = '[0000:0000:0000:0000:0000:ffff:255.255.255.255]:65535';
    const peers = new Map(
      Array.from({ length: 65_536 }, (_, number) => [
        keyOf(number),
        { endpoint: longest, lastHandshake: Number.MAX_SAFE_INTEGER },
      ]),
    );
    const text = renderRecord({ writtenAt: Number.MAX_SAFE_INTEGER, peers });
    expect(text.length).toBeLessThan(MAX_RECORD_BYTES);
    expect(parseRecord(text)?.peers.size).toBe(65_536);
  });

  const none: [what: string, text: string][] = [
    ['an empty file', ''],
    ['half of one', TEXT.slice(0, 60)],
    ['no JSON', 'wg0'],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['no time', '{"peers":{}}'],
    ['a time that is none', '{"writtenAt":"1","peers":{}}'],
    ['a negative time', '{"writtenAt":-1,"peers":{}}'],
    ['half a second', '{"writtenAt":0.5,"peers":{}}'],
    ['a time beyond all numbers', '{"writtenAt":1e999,"peers":{}}'],
    ['no peers', '{"writtenAt":1}'],
    ['peers that are null', '{"writtenAt":1,"peers":null}'],
    ['peers that are a text', '{"writtenAt":1,"peers":"x"}'],
    ['brackets without end', '['.repeat(5_000_000)],
    ['more than the largest', `${TEXT}${' '.repeat(MAX_RECORD_BYTES)}`],
  ];
  test.each(none)('%s is none', (_, text) => expect(parseRecord(text)).toBeUndefined());

  const parts: [what: string, entry: string][] = [
    ['a key that is none', '"x":["203.0.113.7:1",1]'],
    ['__proto__', '"__proto__":["203.0.113.7:1",1]'],
    ['null', `"${keyOf(3)}":null`],
    ['an object', `"${keyOf(3)}":{"endpoint":"203.0.113.7:1"}`],
    ['an empty list', `"${keyOf(3)}":[]`],
    ['a number for an endpoint', `"${keyOf(3)}":[7,1]`],
    ['a name that would have to be looked up', `"${keyOf(3)}":["router.example:1",1]`],
    ['an endpoint and a line more', `"${keyOf(3)}":["203.0.113.7:1\\nprivate_key=0",1]`],
    ['no time', `"${keyOf(3)}":["203.0.113.7:1"]`],
    ['a time that is a text', `"${keyOf(3)}":["203.0.113.7:1","1"]`],
  ];
  test.each(parts)('an entry with %s is left out, and the others stay', (_, entry) => {
    const read = parseRecord(TEXT.replace('"peers":{', `"peers":{${entry},`));
    expect(read?.peers).toEqual(parseRecord(TEXT)?.peers);
  });

  test('with more peers than a tunnel may have is read up to there', () => {
    const entries = Array.from({ length: 70_000 }, (_, number) => `"${keyOf(number)}":["1.2.3.4:5",0]`);
    const read = parseRecord(`{"writtenAt":1,"peers":{${entries.join()}}}`);
    expect(read?.peers.size).toBe(65_536);
  });

  test('after any of 100,000 changes to a few bytes it is none, or one that could have been written', () => {
    const bytes = Buffer.from(TEXT);
    // By a generator of its own: a property of so many runs would take a minute.
    let seed = 20_261_126;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const pieces = [
      '"',
      ':',
      ',',
      '{}',
      '[',
      ']',
      '\\u0000',
      '-',
      '1e9',
      'null',
      '\n',
      '99999',
      '[::1%lo]:1',
    ];
    let read = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const changed = Buffer.from(bytes);
      for (let count = random(3); count >= 0; count -= 1) changed[random(changed.length)] = random(256);
      const at = random(changed.length);
      const text = changed.toString();
      const piece = round % 2 === 0 ? (pieces[random(pieces.length)] ?? '') : '';
      const parsed = parseRecord(text.slice(0, at) + piece + text.slice(at));
      if (parsed === undefined) continue;
      read += 1;
      if (parsed.peers.size > 3) throw new Error(`${parsed.peers.size} peers were made of two.`);
      if (renderRecord(parsed) !== renderRecord(parseRecord(renderRecord(parsed)) ?? parsed)) {
        throw new Error(`It could not have been written: ${text}`);
      }
    }
    // Otherwise nothing has been shown.
    expect(read).toBeGreaterThan(1000);
  });
});

describe('an endpoint', () => {
  test('is what WireGuard prints', () => {
    fc.assert(fc.property(endpoint, (text) => isEndpoint(text)));
  });

  test.each([
    '',
    ':1',
    '203.0.113.7',
    '203.0.113.7:',
    '203.0.113.7:0',
    '203.0.113.7:65536',
    '203.0.113.7:-1',
    '203.0.113.7:1 ',
    ' 203.0.113.7:1',
    '203.0.113.7:1\n',
    '203.0.113.256:1',
    '203.0.113:1',
    '2001:db8::7:1',
    '[2001:db8::7]',
    '[2001:db8::7]:99999',
    '[fe80::1%eth0]:51820',
    '[203.0.113.7]:1',
    '[::1]:1\nreplace_peers=true',
    'localhost:1',
  ])('is not %j', (text) => expect(isEndpoint(text)).toBe(false));
});

describe('those who are spoken to first', () => {
  const NOW = 1_700_000_000;
  const seen = (...times: number[]) =>
    new Map(
      times.map((lastHandshake, number) => [keyOf(number), { endpoint: '203.0.113.7:1', lastHandshake }]),
    );

  test('were speaking when the record was written, the latest first', () => {
    const peers = seen(NOW - 170, NOW - 5, NOW - 100);
    expect(speakersOf({ writtenAt: NOW, peers }, NOW)).toEqual([keyOf(1), keyOf(2), keyOf(0)]);
  });

  test('have made a handshake, and not one that had expired by then', () => {
    expect(speakersOf({ writtenAt: NOW, peers: seen(0, NOW - 180, NOW - 181) }, NOW)).toEqual([keyOf(1)]);
  });

  test('are none where the record is an hour old, or of a clock that was set back', () => {
    const peers = seen(NOW);
    expect(speakersOf({ writtenAt: NOW, peers }, NOW + 3600)).toEqual([keyOf(0)]);
    expect(speakersOf({ writtenAt: NOW, peers }, NOW + 3601)).toEqual([]);
    expect(speakersOf({ writtenAt: NOW, peers }, NOW - 3601)).toEqual([]);
    expect(isOld({ writtenAt: NOW, peers }, NOW + 3601)).toBe(true);
    expect(isOld({ writtenAt: NOW, peers }, NOW + 3600)).toBe(false);
  });
});
