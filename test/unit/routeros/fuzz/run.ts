import { Duplex } from 'node:stream';
import { RouterOsApi, RouterOsError, readFacts } from '../../../../src/routeros/index.ts';
import { SentenceReader } from '../../../simulator/machine/api/words.ts';
import { answer, cutUp, piece, reply } from './hostile-bytes.ts';
import { Random } from './random.ts';

/** Small, so that a flood meets them soon. */
const LIMITS = {
  maxWordBytes: 4096,
  maxWords: 64,
  maxSentenceBytes: 16_384,
  maxReplies: 200,
  maxCommandBytes: 65_536,
};
const FLOOD_BYTES = 4 * LIMITS.maxCommandBytes;

/** What a stream of one seed did to a client; `fault` is what must not happen. */
export interface FuzzOutcome {
  fault?: string;
  bytes: number;
  /** How commands ended, by code. */
  ends: string[];
}

/** The far end of a connection, in memory. */
class Wire extends Duplex {
  readonly #heard: (words: string[]) => void;
  readonly #reader = new SentenceReader({ wordBytes: 1e6, sentenceBytes: 1e6 });

  constructor(heard: (words: string[]) => void) {
    super();
    this.#heard = heard;
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const words of this.#reader.push(chunk)) this.#heard(words);
    done();
  }
}

/** Lets one client meet what the seed decides, and looks whether it came out of it. */
export async function fuzz(seed: number): Promise<FuzzOutcome> {
  const random = new Random(seed);
  const tags: string[] = [];
  const answers = random.chance(0.3);
  let bytes = 0;
  const say = (wire: Wire, all: Buffer): void => {
    for (const chunk of cutUp(random, all)) {
      if (wire.destroyed || wire.readableEnded) return;
      bytes += chunk.length;
      wire.push(chunk);
    }
  };
  const wire: Wire = new Wire((words) => {
    const tag = words.find((word) => word.startsWith('.tag='))?.slice(5);
    if (tag !== undefined) tags.push(tag);
    if (answers && tag !== undefined) for (const all of answer(random, tag)) say(wire, all);
  });
  const api = new RouterOsApi(wire, { commandTimeoutMs: 60_000, limits: LIMITS });
  const ends: string[] = [];
  const work = start(random, api).map((promise) =>
    promise.then(
      () => ends.push('answered'),
      (error: unknown) => ends.push(error instanceof RouterOsError ? error.code : `FAULT ${String(error)}`),
    ),
  );
  await turn();
  if (random.chance(0.002)) {
    const row = piece(random, tags);
    while (!wire.destroyed && bytes < FLOOD_BYTES)
      say(wire, Buffer.concat([row, reply(random, tags.slice(0, 1))]));
  } else for (let count = random.upTo(12); count > 0; count -= 1) say(wire, piece(random, tags));
  await turn();
  finish(random, wire, api);
  for (let wait = 0; wait < 5 && ends.length < work.length; wait += 1) await turn();
  api.close();
  const fault = faultOf(ends, work.length, wire, bytes);
  return { ...(fault === undefined ? {} : { fault }), bytes, ends };
}

function start(random: Random, api: RouterOsApi): Promise<unknown>[] {
  const work: Promise<unknown>[] = [];
  if (random.chance(0.2)) work.push(api.login('user', 'hunter2-secret'));
  if (random.chance(0.2)) work.push(readFacts(api));
  for (let count = random.upTo(3); count > 0; count -= 1) {
    const takeRows = random.chance(0.3) ? { takeRows: random.upTo(2) } : {};
    work.push(api.command({ path: '/interface/print' }, takeRows));
  }
  if (random.chance(0.3)) work.push(readAll(api, random));
  return work;
}

async function readAll(api: RouterOsApi, random: Random): Promise<void> {
  const stopAfter = random.upTo(3);
  let rows = 0;
  for await (const _ of api.listen({ path: '/ip/address/listen' }, { mostWaiting: 10 })) {
    rows += 1;
    if (rows > stopAfter) break;
  }
}

function finish(random: Random, wire: Wire, api: RouterOsApi): void {
  const which = random.upTo(3);
  if (which === 0) wire.push(null);
  else if (which === 1) wire.destroy();
  else if (which === 2) wire.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  else api.close();
}

function faultOf(ends: readonly string[], begun: number, wire: Wire, bytes: number): string | undefined {
  if (ends.length < begun) return `${begun - ends.length} of ${begun} commands wait without end`;
  const wrong = ends.find((end) => end.startsWith('FAULT'));
  if (wrong !== undefined) return wrong;
  if (!wire.destroyed) return 'the connection is still open';
  if (bytes >= FLOOD_BYTES) return `${bytes} bytes of a flood were taken`;
  return undefined;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
