import { lengthBytes, sentence } from '../wire.ts';
import type { Random } from './random.ts';

const TYPES = ['!re', '!done', '!trap', '!empty', '!fatal', '!Re', '!', '', 're', '!done ', '/login'];
const NAMES = [
  '.id',
  'name',
  'ret',
  'message',
  'category',
  '__proto__',
  'constructor',
  '.dead',
  'uptime',
  'version',
  '',
];
const VALUES = [
  '',
  '*1',
  'true',
  'no such command',
  'not enough permissions (9)',
  'invalid user name or password (6)',
  '\u0000',
  '\r\n/quit',
  '1w2d3h',
  '99999999999999999999s',
  'x'.repeat(300),
  '\udcff\udc80',
  '=a=b',
  '$(x)[y]{z}"\\',
];

/** A sentence that a router might say, with something wrong in it or not. `tags`: those that were given. */
export function reply(random: Random, tags: readonly string[]): Buffer {
  const words: (string | Uint8Array)[] = [
    random.chance(0.8) ? random.pick(TYPES.slice(0, 4)) : random.pick(TYPES),
  ];
  for (let count = random.upTo(4); count > 0; count -= 1) words.push(word(random));
  if (random.chance(0.85)) words.splice(1 + random.upTo(words.length - 1), 0, `.tag=${tag(random, tags)}`);
  // An empty word would be the end of it, which is one of the things to try.
  return sentence(...words);
}

const tag = (random: Random, tags: readonly string[]): string =>
  random.chance(0.9) && tags.length > 0
    ? random.pick(tags)
    : random.pick(['', '0', '-1', '1e9', '__proto__', '2 ']);

function word(random: Random): string | Uint8Array {
  if (random.chance(0.1)) return random.bytes(20);
  if (random.chance(0.1)) return random.pick(VALUES);
  return `=${random.pick(NAMES)}=${random.pick(VALUES)}`;
}

/** What a router in its right mind might say to a command, most of the time. */
export function answer(random: Random, tag: string): Buffer[] {
  const said: Buffer[] = [];
  for (let rows = random.upTo(3); rows > 0; rows -= 1)
    said.push(
      random.chance(0.95)
        ? sentence('!re', `.tag=${tag}`, `=${random.pick(NAMES)}=${random.pick(VALUES)}`)
        : reply(random, [tag]),
    );
  if (random.chance(0.3)) said.push(sentence('!trap', `.tag=${tag}`, `=message=${random.pick(VALUES)}`));
  if (random.chance(0.9)) said.push(sentence('!done', `.tag=${tag}`));
  return said;
}

/** Lengths that are none, or more than anybody would send. */
const LENGTHS = [
  'f8',
  'ff',
  'f1',
  'f0ffffffff',
  'f000000001',
  'efffffff',
  '8001',
  'c00001',
  'e0000001',
  'f7',
].map((hex) => Buffer.from(hex, 'hex'));

/** One piece of a stream. */
export function piece(random: Random, tags: readonly string[]): Buffer {
  const which = random.next();
  if (which < 0.55) return reply(random, tags);
  if (which < 0.7) return spoiled(random, reply(random, tags));
  if (which < 0.8) return random.bytes(80);
  if (which < 0.88) return random.pick(LENGTHS);
  if (which < 0.94) return Buffer.alloc(random.upTo(40));
  return Buffer.from([...lengthBytes(random.upTo(70_000)), ...random.bytes(60)]);
}

/** With a byte changed, cut short, or doubled. */
function spoiled(random: Random, bytes: Buffer): Buffer {
  const at = random.upTo(Math.max(0, bytes.length - 1));
  const which = random.upTo(3);
  if (which === 0) return bytes.subarray(0, at);
  if (which === 1) return Buffer.concat([bytes.subarray(0, at), bytes]);
  const changed = Buffer.from(bytes);
  if (changed.length > 0)
    changed[at] = which === 2 ? random.upTo(255) : (changed[at] ?? 0) ^ (1 << random.upTo(7));
  return changed;
}

/** As TCP may cut it up. */
export function cutUp(random: Random, bytes: Buffer): Buffer[] {
  if (random.chance(0.4)) return [bytes];
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.upTo(random.pick([0, 3, 50]));
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}
