import { Socket } from 'node:net';
import { encodeSentence, SentenceReader } from '../../simulator/machine/api/words.ts';
import { unconnectedSocket } from '../../testbed/setns.ts';

const GENEROUS = { wordBytes: 16 * 1024 * 1024, sentenceBytes: 64 * 1024 * 1024 };
const LIMIT_MS = 20_000;

/** A client of the API for tests: says sentences, hears sentences, from inside a network namespace. */
export class ApiClient {
  readonly #socket: Socket;
  readonly #heard: string[][] = [];
  /** Bytes. */
  received = 0;
  /** Why what the router sends is no sentence; the connection is closed then. */
  broken: string | undefined;
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new SentenceReader(GENEROUS);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.length;
      try {
        for (const sentence of reader.push(chunk)) this.#heard.push(sentence);
      } catch (error) {
        this.broken = (error as Error).message;
        socket.destroy();
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** @param namespace path of the namespace to connect from. @throws when it does not connect within `limitMs`. */
  static async connect(
    namespace: string,
    address: string,
    port = 8728,
    limitMs = LIMIT_MS,
  ): Promise<ApiClient> {
    const socket = new Socket({ fd: unconnectedSocket(namespace) });
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${address}:${port} does not answer.`)), limitMs);
        socket.once('error', reject);
        socket.connect(port, address, () => {
          clearTimeout(timer);
          resolve();
        });
        socket.once('close', () => clearTimeout(timer));
      });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new ApiClient(socket);
  }

  say(...words: string[]): void {
    this.#socket.write(encodeSentence(words));
  }

  /** The next sentence; nothing when the router closed. */
  async hear(): Promise<string[] | undefined> {
    for (const limit = Date.now() + LIMIT_MS; this.#heard.length === 0; ) {
      if (this.#closed) return undefined;
      const left = limit - Date.now();
      if (left <= 0) throw new Error('The router says nothing.');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#heard.shift();
  }

  /** Says one sentence and hears all up to `!done`, `!fatal` or the end. */
  async ask(...words: string[]): Promise<string[][]> {
    this.say(...words);
    const answers: string[][] = [];
    for (;;) {
      const answer = await this.hear();
      if (answer === undefined) return answers;
      answers.push(answer);
      if (answer[0] === '!done' || answer[0] === '!fatal') return answers;
    }
  }

  async login(name: string, password: string): Promise<string[][]> {
    return this.ask('/login', `=name=${name}`, `=password=${password}`);
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    while ((await this.hear()) !== undefined);
  }

  close(): void {
    this.#socket.destroy();
  }
}
