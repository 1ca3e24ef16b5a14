import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Misbehaviour } from '../types.ts';
import { encodeLength, encodeSentence } from './words.ts';

const HUGE_WORD_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Breaks the protocol; the other ways are those of an honest API on a router in trouble. */
export type Breach = Extract<Misbehaviour, { kind: 'endless' | 'garbage' }>['kind'];
const IN_TROUBLE = ['slow', 'refusing', 'codepage', 'rebooting'];

/** How this session breaks the protocol now, if it does. */
export function breachOf(how: Misbehaviour | undefined, isLoggedIn: boolean): Breach | undefined {
  if (how === undefined || IN_TROUBLE.includes(how.kind)) return undefined;
  const { kind, beforeLogin } = how as Extract<Misbehaviour, { kind: Breach }>;
  return isLoggedIn || beforeLogin === true ? kind : undefined;
}

const READING = ['print', 'getall', 'get', 'inspect', 'listen'];

/** What a router in trouble refuses this command with. */
export function refusalOf(how: Misbehaviour | undefined, command: string): string | undefined {
  return how?.kind === 'refusing' && !READING.includes(command) ? how.message : undefined;
}

/** Text as a PC with code page 1251 wrote it; letters only. */
export function inCodepage1251(words: readonly string[]): Buffer {
  const parts = words.flatMap((word) => {
    const bytes = Buffer.from([...word].map(byteOf));
    return [encodeLength(bytes.length), bytes];
  });
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function byteOf(letter: string): number {
  const code = letter.codePointAt(0) ?? 0;
  if (code >= 0x410 && code <= 0x44f) return code - 0x350;
  return code < 0x80 ? code : 0x3f;
}

/** Answers one command as a broken or hostile router would; ends when the client gives up, where it never would. */
export async function misbehave(socket: Socket, kind: Breach): Promise<void> {
  switch (kind) {
    case 'silent':
      return;
    case 'endless':
      return pour(
        socket,
        encodeSentence(['!re', '=.id=*1', `=name=${'x'.repeat(1000)}`]),
        Number.POSITIVE_INFINITY,
      );
    case 'huge-word':
      socket.write(Buffer.concat([encodeLength(3), Buffer.from('!re'), encodeLength(HUGE_WORD_BYTES)]));
      return pour(socket, Buffer.alloc(CHUNK_BYTES, 'x'), HUGE_WORD_BYTES / CHUNK_BYTES);
    case 'bad-length':
      socket.write(
        Buffer.concat([encodeLength(3), Buffer.from('!re'), Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff)]),
      );
      return;
    case 'stall':
      socket.write(half());
      return;
    case 'cut':
      socket.end(half());
      return;
    case 'garbage':
      socket.write(randomBytes(CHUNK_BYTES));
      return;
  }
}

/** A reply that breaks off in the middle of a word. */
function half(): Buffer {
  const whole = encodeSentence(['!re', '=.id=*1', '=name=broken-off']);
  return whole.subarray(0, whole.length - 6);
}

async function pour(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  const gone = once(socket, 'close').catch(() => {});
  for (let count = 0; count < times && !socket.destroyed; count += 1) {
    if (socket.write(bytes)) continue;
    await Promise.race([once(socket, 'drain').catch(() => {}), gone]);
  }
}
