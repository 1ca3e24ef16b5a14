import { Duplex } from 'node:stream';

/** A router that hears nothing of its peer lets a connection go after so long (manual, Configuration Management). */
export const TCP_TIMEOUT_MS = 540_000;
/** Between two attempts to send what did not get through, ms. */
const RESEND_MS = 1_000;

export interface LinkOptions {
  /** Whether a packet gets through now. */
  isOpen: () => boolean;
  /** Each way, ms. */
  latencyMs?: number;
  /** Something is about to be sent by this end. The client of this project writes a sentence at a time. */
  onWrite?: (side: 'client' | 'server') => void;
}

/**
 * A TCP connection whose way may be shut: what is written waits until it gets through, in order; a close that does not
 * get through is never heard of. The router lets go of such a connection after a time-out, the client when it next hears.
 */
export class Link {
  readonly client: End;
  readonly server: End;

  constructor({ isOpen, latencyMs = 0, onWrite = () => {} }: LinkOptions) {
    const way = { isOpen, latencyMs, onWrite };
    this.client = new End(way, 'client');
    this.server = new End(way, 'server');
    this.client.peer = this.server;
    this.server.peer = this.client;
  }
}

class End extends Duplex {
  peer: End | undefined;
  /** As of a socket, for those who ask. */
  readonly remoteAddress = '10.100.0.1';
  readonly #way: Required<LinkOptions>;
  readonly #side: 'client' | 'server';
  #queue: Promise<void> = Promise.resolve();

  constructor(way: Required<LinkOptions>, side: 'client' | 'server') {
    super({ allowHalfOpen: false });
    this.#way = way;
    this.#side = side;
    this.on('error', () => {});
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#way.onWrite(this.#side);
    this.#send(() => {
      const { peer } = this;
      if (peer === undefined || peer.destroyed) this.destroy();
      else peer.push(chunk);
    });
    done();
  }

  override _final(done: () => void): void {
    this.#send(() => this.peer?.push(null));
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { peer } = this;
    if (this.#way.isOpen()) this.#send(() => peer?.destroy());
    else if (this.#side === 'client') setTimeout(() => peer?.destroy(), TCP_TIMEOUT_MS);
    done(error);
  }

  /** In order, when the way is open. */
  #send(deliver: () => void): void {
    const due = Date.now() + this.#way.latencyMs;
    this.#queue = this.#queue.then(async () => {
      if (Date.now() < due) await this.#wait(due - Date.now());
      while (!this.#way.isOpen()) {
        if (this.destroyed) return;
        await this.#wait(RESEND_MS);
      }
      deliver();
    });
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }
}
