import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Misbehaviour } from '../types.ts';
import { encodeLength, encodeSentence } from './words.ts';

const HUGE_WORD_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** Answers one command as a broken or hostile router would; ends when the client gives up, where it never would. */
export async function misbehave(socket: Socket, kind: Exclude<Misbehaviour['kind'], 'slow'>): Promise<void> {
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
