import { type Duplex, duplexPair } from 'node:stream';
import { SentenceDecoder } from '../../../src/routeros/api/decoder.ts';
import { type ApiOptions, RouterOsApi } from '../../../src/routeros/index.ts';
import { sentence } from './wire.ts';

/** The far end of an API session: a test says by hand what it answers, right or wrong. */
export class FakeRouter {
  readonly api: RouterOsApi;
  /** What has come and was not yet taken by {@link next}. */
  readonly #heard: string[][] = [];
  readonly #stream: Duplex;
  #waiting: ((words: string[]) => void) | undefined;
  #closed = false;
  readonly closed: Promise<void>;

  constructor(options: ApiOptions = {}) {
    const [near, far] = duplexPair();
    this.#stream = far;
    const decoder = new SentenceDecoder();
    far.on('data', (chunk: Uint8Array) => {
      for (const { words } of decoder.push(chunk)) {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        if (waiting === undefined) this.#heard.push(words);
        else waiting(words);
      }
    });
    far.on('error', () => {});
    this.closed = new Promise((resolve) => {
      near.on('close', () => {
        this.#closed = true;
        resolve();
      });
    });
    this.api = new RouterOsApi(near, { commandTimeoutMs: 20_000, ...options });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The next sentence from the client; waits for it. */
  next(): Promise<string[]> {
    const heard = this.#heard.shift();
    if (heard !== undefined) return Promise.resolve(heard);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  say(...words: (string | Uint8Array)[]): void {
    this.#stream.write(sentence(...words));
  }

  sayBytes(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#stream.write(bytes, () => resolve()));
  }

  /** The router closes its side. */
  hangUp(): void {
    this.#stream.end();
  }
}

export const tagOf = (words: readonly string[]): string =>
  words.find((word) => word.startsWith('.tag=')) ?? '';

/** What starts them; each is ended after its test. */
export function fakeRouters(): (...options: ConstructorParameters<typeof FakeRouter>) => FakeRouter {
  const routers: FakeRouter[] = [];
  afterEach(async () => {
    for (const router of routers.splice(0)) {
      router.api.close();
      await router.closed;
    }
  });
  return (...options) => {
    const router = new FakeRouter(...options);
    routers.push(router);
    return router;
  };
}
