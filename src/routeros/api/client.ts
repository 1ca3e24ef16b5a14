import type { Duplex } from 'node:stream';
import { RouterOsError } from '../errors.ts';
import { DEFAULT_DECODER_LIMITS, type DecoderLimits, SentenceDecoder } from './decoder.ts';
import { type ApiCommand, encodeSentence, wordsOf } from './encoder.ts';
import { ListeningCommand, type ListenOptions } from './listening.ts';
import { type ApiReply, type CommandLimits, type Pending, PendingCommand } from './pending.ts';
import { type ApiRow, parseReply, quotable, type ReplySentence, trapError } from './reply.ts';

export interface ApiLimits extends DecoderLimits, CommandLimits {}

export const DEFAULT_API_LIMITS: ApiLimits = {
  ...DEFAULT_DECODER_LIMITS,
  maxReplies: 10_000,
  maxCommandBytes: 8 * 1024 * 1024,
};

export interface ApiOptions {
  /** For each command that names no time of its own, ms. Default 10 000. */
  commandTimeoutMs?: number;
  /** For the whole session from construction on, ms; then all that is under way fails. Default: none. */
  sessionTimeoutMs?: number;
  limits?: Partial<ApiLimits>;
}

export interface CommandOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Stop after so many rows: the rest is cancelled, and the reply is `truncated`. */
  takeRows?: number;
}

/** The log-in goes without a tag, alone. */
const UNTAGGED = '';
/** Commands given up whose end the router still owes: past this many the session is of no use. */
const MAX_OWED = 32;
/** Attributes whose values must not come back in an error, should a router repeat them. */
const SECRET_ATTRIBUTE = /^=[^=]*(?:password|secret|passphrase|private-key|preshared-key)=(.+)$/s;

/**
 * A session of the RouterOS API (MikroTik manual, API) over a stream that is already connected.
 *
 * Commands run in parallel, each under a tag. One that is given up (time, signal, enough rows) fails or answers at
 * once; the router is told to cancel it, and what still comes for it is dropped until its `!done`. What breaks the
 * protocol or a limit ends the session: the stream is destroyed and all commands fail. All errors are
 * {@link RouterOsError}.
 */
export class RouterOsApi {
  readonly #stream: Duplex;
  readonly #decoder: SentenceDecoder;
  readonly #limits: ApiLimits;
  readonly #commandTimeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  readonly #secrets = new Set<string>();
  readonly #sessionTimer: NodeJS.Timeout | undefined;
  #lastTag = 0;
  #failure: RouterOsError | undefined;
  #user = '';

  constructor(stream: Duplex, options: ApiOptions = {}) {
    this.#stream = stream;
    this.#limits = { ...DEFAULT_API_LIMITS, ...options.limits };
    this.#decoder = new SentenceDecoder(this.#limits);
    this.#commandTimeoutMs = options.commandTimeoutMs ?? 10_000;
    const { sessionTimeoutMs } = options;
    if (sessionTimeoutMs !== undefined) {
      const message = `The router took longer than ${sessionTimeoutMs} ms for all of the session.`;
      this.#sessionTimer = setTimeout(() => {
        this.#fail(new RouterOsError('Timeout', message));
      }, sessionTimeoutMs);
    }
    stream.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#fail(
        new RouterOsError('Closed', `The connection to the router broke (${error.code ?? 'unknown'}).`),
      );
    });
    stream.on('end', () => this.#ended());
    stream.on('close', () => this.#ended());
    if (stream.destroyed) this.#ended();
  }

  /** Who is logged in; empty before. */
  get user(): string {
    return this.#user;
  }

  /** Plain-text log-in, as all of RouterOS 7 has it. Nothing else may be under way. */
  async login(user: string, password: string, options: CommandOptions = {}): Promise<void> {
    if (this.#pending.has(UNTAGGED))
      throw new RouterOsError('InvalidRequest', 'A log-in to the router is already under way.');
    const { done } = await this.#run(UNTAGGED, ['/login', `=name=${user}`, `=password=${password}`], options);
    if (done.ret !== undefined)
      throw this.#fail(
        new RouterOsError(
          'ProtocolViolation',
          'The router asks for the log-in of RouterOS before 6.43: RouterOS 7 is needed.',
        ),
      );
    this.#user = user;
  }

  async command(command: ApiCommand | readonly string[], options: CommandOptions = {}): Promise<ApiReply> {
    const words = wordsOf(command);
    this.#lastTag += 1;
    return this.#run(String(this.#lastTag), words, options);
  }

  /**
   * Rows as they change, of a command that ends in `/listen`. It begins at once; an error of the router or of the session
   * comes to whoever reads. Throws `InvalidRequest`.
   */
  listen(
    command: ApiCommand | readonly string[],
    options: ListenOptions = {},
  ): AsyncIterableIterator<ApiRow> {
    const words = wordsOf(command);
    const { signal, mostWaiting = 1000 } = options;
    this.#lastTag += 1;
    const tag = String(this.#lastTag);
    const aborted = (): void => {
      listening.fail(
        new RouterOsError('Aborted', `The listening to ${words[0]} was given up by its caller.`),
      );
      this.#cancel(tag);
    };
    const listening = new ListeningCommand(words[0] ?? '', this.#limits, mostWaiting, {
      cancel: () => this.#cancel(tag),
      release: () => signal?.removeEventListener('abort', aborted),
    });
    if (this.#failure !== undefined) listening.fail(this.#failure);
    else if (signal?.aborted === true)
      listening.fail(
        new RouterOsError('Aborted', `The listening to ${words[0]} was given up before it began.`),
      );
    else {
      signal?.addEventListener('abort', aborted, { once: true });
      this.#pending.set(tag, listening);
      this.#send([...words, `.tag=${tag}`]);
    }
    return listening;
  }

  /** Ends the session; commands under way fail with `Closed`. */
  close(): void {
    this.#fail(new RouterOsError('Closed', 'The session with the router was ended.'));
  }

  #run(tag: string, words: readonly string[], options: CommandOptions): Promise<ApiReply> {
    const path = words[0] ?? '';
    for (const word of words) {
      const secret = SECRET_ATTRIBUTE.exec(word)?.[1];
      if (secret !== undefined) this.#secrets.add(secret);
    }
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const { signal, timeoutMs = this.#commandTimeoutMs, takeRows } = options;
      const aborted = (): void =>
        this.#giveUp(tag, new RouterOsError('Aborted', `The command ${path} was given up by its caller.`));
      if (signal?.aborted === true)
        return reject(new RouterOsError('Aborted', `The command ${path} was given up before it was sent.`));
      const timer = setTimeout(
        () =>
          this.#giveUp(
            tag,
            new RouterOsError('Timeout', `The router did not answer ${path} within ${timeoutMs} ms.`),
          ),
        timeoutMs,
      );
      signal?.addEventListener('abort', aborted, { once: true });
      const release = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
      };
      this.#pending.set(tag, new PendingCommand(path, this.#limits, { resolve, reject, release }, takeRows));
      this.#send(tag === UNTAGGED ? words : [...words, `.tag=${tag}`]);
    });
  }

  #send(words: readonly string[]): void {
    this.#stream.write(encodeSentence(words));
  }

  #receive(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    try {
      for (const { words, bytes } of this.#decoder.push(chunk)) {
        this.#take(parseReply(words), bytes);
        if (this.#failure !== undefined) return;
      }
    } catch (error) {
      if (!(error instanceof RouterOsError)) throw error;
      this.#fail(error);
    }
  }

  #take(reply: ReplySentence, bytes: number): void {
    if (reply.type === '!fatal') {
      const said = quotable(reply.bare.join(' ') || (reply.row.message ?? ''), this.#secrets);
      this.#fail(new RouterOsError('Fatal', `The router ended the session: ${said || 'no reason given'}.`));
      return;
    }
    const command = this.#pending.get(reply.tag);
    if (command === undefined)
      throw new RouterOsError('ProtocolViolation', 'The router answered a command that was not given.');
    command.count(bytes);
    if (reply.type === '!re' && command.addRow(reply.row) === 'enough') this.#cancel(reply.tag);
    else if (reply.type === '!trap') command.addTrap(trapError(command.path, reply.row, this.#secrets));
    else if (reply.type === '!done') {
      this.#pending.delete(reply.tag);
      command.finish(reply.row);
    }
  }

  #ended(): void {
    const reason = 'its API may be off, or limited to other addresses';
    this.#fail(new RouterOsError('Closed', `The router closed the connection: ${reason}.`));
  }

  #giveUp(tag: string, error: RouterOsError): void {
    this.#pending.get(tag)?.fail(error);
    // Without a tag a late answer could not be told from that of the next log-in.
    if (tag === UNTAGGED) this.#fail(error);
    else this.#cancel(tag);
  }

  #cancel(tag: string): void {
    if (this.#failure !== undefined || !this.#pending.has(tag)) return;
    const owed = [...this.#pending.values()].filter((command) => command.settled).length;
    if (owed > MAX_OWED) {
      this.#fail(new RouterOsError('Timeout', `The router owes the answers to ${owed} commands.`));
      return;
    }
    this.#lastTag += 1;
    this.#pending.set(String(this.#lastTag), PendingCommand.ignored('/cancel', this.#limits));
    this.#send(['/cancel', `=tag=${tag}`, `.tag=${this.#lastTag}`]);
  }

  /** Ends the session with the first error that it is given, and returns that error. */
  #fail(error: RouterOsError): RouterOsError {
    if (this.#failure !== undefined) return this.#failure;
    this.#failure = error;
    clearTimeout(this.#sessionTimer);
    for (const command of this.#pending.values()) command.fail(error);
    this.#pending.clear();
    this.#stream.destroy();
    return error;
  }
}
