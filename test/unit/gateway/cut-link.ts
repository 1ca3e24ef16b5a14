import { Duplex } from 'node:stream';

/** Before a sentence is sent; or after the router has it, and before anybody hears its answer. */
export type Moment = 'before' | 'after';

export interface Cut {
  /** Number of the sentence, over all connections of one attempt. */
  sentence: number;
  moment: Moment;
}

/** Connections that end at one sentence, as when the link is cut there. */
export class CutLink {
  /** Sentences that were to be sent; the client writes one at a time. */
  sentences = 0;
  /** It was cut. */
  isCut = false;
  readonly #cut: Cut | undefined;

  constructor(cut?: Cut) {
    this.#cut = cut;
  }

  through(socket: Duplex): Duplex {
    let isDeaf = false;
    const end = (): void => {
      this.isCut = true;
      socket.destroy();
      through.destroy();
    };
    const through = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        if (this.isCut) return done();
        this.sentences += 1;
        const isHere = this.sentences === this.#cut?.sentence;
        if (isHere && this.#cut?.moment === 'before') end();
        else {
          isDeaf ||= isHere;
          socket.write(chunk);
        }
        done();
      },
      destroy: (_error, done) => {
        socket.destroy();
        done(null);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      // What was answered to sentences before it is lost with its answer.
      if (isDeaf) end();
      else through.push(chunk);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => through.push(null));
    return through;
  }
}
