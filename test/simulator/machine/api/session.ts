import type { Socket } from 'node:net';
import { type Reply, type RouterOs, RouterOsTrap, type Session } from '../../engine/index.ts';
import type { Misbehaviour } from '../types.ts';
import { breachOf, inCodepage1251, misbehave, refusalOf } from './misbehave.ts';
import { attributeWords, parseSentence, type Sentence } from './sentence.ts';
import { type Stream, streamOf } from './streams.ts';
import { encodeSentence, type FramingLimits, SentenceReader } from './words.ts';

/** "Before login, size and number of sentences are limited" (manual, "API"): how much is not said. */
const BEFORE_LOGIN: FramingLimits = { wordBytes: 1024, sentenceBytes: 4096 };
const SENTENCES_BEFORE_LOGIN = 16;
const AFTER_LOGIN: FramingLimits = { wordBytes: 4 * 1024 * 1024, sentenceBytes: 16 * 1024 * 1024 };

/** What a session needs of its router. */
export interface ApiHost {
  readonly os: RouterOs;
  /** Whether `!empty` is said (from 7.18). */
  readonly saysEmpty: boolean;
  readonly misbehaviour: Misbehaviour | undefined;
  /** Brings what only WireGuard knows into the configuration's read-only properties. */
  refresh(): Promise<void>;
  /** Waits until Linux follows the configuration. @throws what could not be made real. */
  settled(): Promise<void>;
  /** A shell-free ping in the router's namespace: `onReply` for each packet; resolves at the end. */
  ping(
    args: Readonly<Record<string, string>>,
    onReply: (row: Record<string, string>) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

let sessions = 0;

/** One client of the API. Answers in the words that RouterOS uses. */
export class ApiSession {
  readonly #socket: Socket;
  readonly #host: ApiHost;
  readonly #source: string;
  readonly #reader = new SentenceReader(BEFORE_LOGIN);
  /** Safe mode is bound to it. */
  readonly #id = `api ${++sessions}`;
  readonly #running = new Map<string, Stream>();
  #session: Session | undefined;
  #sentences = 0;
  #commands = 0;
  /** Commands begin in the order in which they came, and end when they are done. */
  #queue: Promise<unknown> = Promise.resolve();
  #answers: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(socket: Socket, host: ApiHost) {
    this.#socket = socket;
    this.#host = host;
    this.#source = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('close', () => this.#end());
    socket.on('error', () => socket.destroy());
  }

  #end(): void {
    this.#closed = true;
    for (const stream of this.#running.values()) stream.cancel();
    this.#running.clear();
    this.#host.os.sessionEnded(this.#id);
  }

  #receive(chunk: Buffer): void {
    try {
      for (const words of this.#reader.push(chunk)) {
        if (this.#closed) return;
        this.#sentences += 1;
        if (this.#session === undefined && this.#sentences > SENTENCES_BEFORE_LOGIN) {
          this.#socket.destroy();
          return;
        }
        const begun = this.#queue.then(() => this.#handle(words));
        this.#queue = begun.catch((error: unknown) => this.#fatal(`simulator: ${(error as Error).message}`));
      }
    } catch {
      // A malformed or overlong word: a router just closes.
      this.#socket.destroy();
    }
  }

  async #handle(words: readonly string[]): Promise<void> {
    if (this.#closed) return;
    const parsed = parseSentence(words);
    if ('unknownWord' in parsed) {
      await this.#send(['!trap', `=message=unknown word ${parsed.unknownWord}`]);
      await this.#send(['!done']);
      return;
    }
    const { misbehaviour } = this.#host;
    const breach = breachOf(misbehaviour, this.#session !== undefined);
    if (breach !== undefined) return misbehave(this.#socket, breach);
    if (parsed.path === '/login') return this.#login(parsed);
    if (this.#session === undefined) return this.#fatal('not logged in');
    if (parsed.path === '/quit') return this.#fatal('session terminated on request');
    if (parsed.path === '/cancel') return this.#cancel(parsed);
    return this.#execute(parsed, this.#session);
  }

  async #login({ attributes, tag }: Sentence): Promise<void> {
    try {
      this.#session = this.#host.os.authenticate(
        attributes.name ?? '',
        attributes.password ?? '',
        this.#source,
      );
      this.#reader.limits = AFTER_LOGIN;
    } catch (error) {
      if (!(error instanceof RouterOsTrap)) throw error;
      await this.#send(['!trap', `=message=${error.message}`], tag);
    }
    await this.#send(['!done'], tag);
  }

  async #cancel({ attributes, tag }: Sentence): Promise<void> {
    const wanted = attributes.tag;
    for (const [running, stream] of [...this.#running]) {
      if (wanted !== undefined && wanted !== '' && running !== wanted) continue;
      stream.cancel();
    }
    await this.#send(['!done'], tag);
  }

  async #execute(sentence: Sentence, { user, policies }: Session): Promise<void> {
    const { menu, command, attributes, queries, tag } = sentence;
    const { misbehaviour } = this.#host;
    this.#commands += 1;
    if (misbehaviour?.kind === 'rebooting' && this.#commands > misbehaviour.afterCommands) {
      this.#socket.destroy();
      return;
    }
    const refusal = refusalOf(misbehaviour, command);
    if (refusal !== undefined) return this.#trap(new RouterOsTrap(refusal, 4), tag);
    const stream = streamOf(sentence, { host: this.#host, user, policies });
    if (stream !== undefined) {
      void this.#stream(stream, tag);
      return;
    }
    await this.#host.refresh();
    let reply: Reply;
    try {
      reply = this.#host.os.execute({ menu, command, attributes, queries, user, session: this.#id });
    } catch (error) {
      return this.#trap(error, tag);
    }
    // The next command need not wait for Linux; this one's answer does.
    const answered = this.#answers
      .then(() => this.#host.settled())
      .then(() => this.#answer(reply, command, tag))
      .catch((error: Error) => this.#fatal(`simulator: ${error.message}`));
    // Without a tag, only the order of the answers tells a client which is which.
    if (tag === undefined) this.#answers = answered;
  }

  async #answer({ rows, ret }: Reply, command: string, tag: string | undefined): Promise<void> {
    for (const row of rows) await this.#send(['!re', ...attributeWords(row)], tag);
    const isQuery = command === 'print' || command === 'getall';
    if (isQuery && rows.length === 0 && ret === undefined && this.#host.saysEmpty)
      await this.#send(['!empty'], tag);
    await this.#send(['!done', ...(ret === undefined ? [] : [`=ret=${ret}`])], tag);
  }

  async #stream(stream: Stream, tag: string | undefined): Promise<void> {
    const key = tag ?? '';
    this.#running.set(key, stream);
    try {
      await stream.run((row) => void this.#send(['!re', ...attributeWords(row)], tag));
      await this.#send(['!done'], tag);
    } catch (error) {
      await this.#trap(error, tag).catch(() => this.#socket.destroy());
    } finally {
      this.#running.delete(key);
    }
  }

  async #trap(error: unknown, tag: string | undefined): Promise<void> {
    if (!(error instanceof RouterOsTrap)) throw error;
    const category = error.category === undefined ? [] : [`=category=${error.category}`];
    await this.#send(['!trap', ...category, `=message=${error.message}`], tag);
    await this.#send(['!done'], tag);
  }

  /** `!fatal` has a bare word and ends the connection. */
  async #fatal(reason: string): Promise<void> {
    this.#closed = true;
    if (!this.#socket.destroyed) this.#socket.end(encodeSentence(['!fatal', reason]));
  }

  async #send(words: readonly string[], tag?: string): Promise<void> {
    const { misbehaviour } = this.#host;
    if (misbehaviour?.kind === 'slow' && (this.#session !== undefined || misbehaviour.beforeLogin === true)) {
      await new Promise((resolve) => setTimeout(resolve, misbehaviour.delayMs));
    }
    if (this.#closed || this.#socket.destroyed) return;
    const [type = '', ...rest] = words;
    const sentence = tag === undefined ? words : [type, `.tag=${tag}`, ...rest];
    this.#socket.write(
      misbehaviour?.kind === 'codepage' ? inCodepage1251(sentence) : encodeSentence(sentence),
    );
  }
}
