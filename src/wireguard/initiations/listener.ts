import type { Logger } from '../logger.ts';
import type { Arrivals, PeerObservation, RefusedPeer } from '../protocol.ts';
import { ArrivalBoard } from './arrivals.ts';
import { Capture, type Captured } from './capture.ts';
import { isAddressedTo, openInitiation, type Responder, responderOf } from './initiation.ts';
import { RefusedPeers } from './refused.ts';
import { Sources } from './sources.ts';

const TAKE_MS = 50;
/** Of each taking: 40 a second are 1 % of a core. */
const OPENED_AT_ONCE = 2;
/** Shorter than a client waits for an answer. */
const ANSWER_MS = 20_000;

interface Served {
  interfaceName: string;
  responder: Responder;
  isPeer: (publicKey: string) => boolean;
}

/** Time as an argument, ms, monotonic. */
export interface ListenerOptions {
  logger: Logger;
  now?: () => number;
}

/**
 * Listens to the handshakes that routers begin: to those that WireGuard refuses without a word, of a router whose clock
 * has jumped back; and to the first from somewhere, since then it is worth looking who is there. It looks on, and says
 * what it saw; WireGuard never learns of it.
 */
export class Listener {
  readonly #logger: Logger;
  readonly #now: () => number;
  /** By UDP port. */
  readonly #served = new Map<number, Served>();
  readonly #sources = new Sources();
  readonly #arrivals = new ArrivalBoard();
  readonly #refused = new RefusedPeers();
  #capture: Capture | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ logger, now = () => performance.now() }: ListenerOptions) {
    this.#logger = logger;
    this.#now = now;
  }

  /** In the node's network, which this thread must be in by now. */
  begin(): void {
    try {
      this.#capture = new Capture();
    } catch (err) {
      this.#logger.warn({ err }, 'Routers whose clock has jumped back cannot be told from silent ones here.');
      return;
    }
    this.#timer = setInterval(() => this.#take(), TAKE_MS);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#capture?.close();
    this.#capture = undefined;
    this.#arrivals.wake();
  }

  /** A tunnel has this port and key from now on. */
  serve(
    interfaceName: string,
    { listenPort, privateKey }: { listenPort: number; privateKey: string },
    isPeer: (publicKey: string) => boolean,
  ): void {
    this.#leave(interfaceName);
    this.#served.set(listenPort, { interfaceName, responder: responderOf(privateKey), isPeer });
  }

  /** The tunnel is gone. */
  forget(interfaceName: string): void {
    this.#leave(interfaceName);
    this.#refused.forget(interfaceName);
  }

  /** Its interface was made anew, and knows no time of any peer any more. */
  renewed(interfaceName: string): void {
    this.#refused.forget(interfaceName);
  }

  drop(interfaceName: string, publicKeys: readonly string[]): void {
    this.#refused.drop(interfaceName, publicKeys);
  }

  note(interfaceName: string, observation: PeerObservation): void {
    this.#refused.note(interfaceName, observation, this.#now());
  }

  /** Who began a handshake since `after`, as soon as there is somebody. */
  async arrivals(after: number): Promise<Arrivals> {
    const { sequence, arrivals } = await this.#arrivals.after(after, ANSWER_MS);
    return { sequence, arrivals, listening: this.#capture !== undefined };
  }

  list(): RefusedPeer[] {
    return this.#refused.list(this.#now());
  }

  endpointOf(interfaceName: string, publicKey: string): string | undefined {
    return this.#refused.endpointOf(interfaceName, publicKey, this.#now());
  }

  called(interfaceName: string, publicKey: string): void {
    this.#refused.called(interfaceName, publicKey, this.#now());
  }

  /** Peers that were spoken to in vain, each once. */
  takeSilent(): { interfaceName: string; publicKey: string }[] {
    return this.#refused.takeSilent(this.#now());
  }

  #leave(interfaceName: string): void {
    for (const [port, served] of this.#served) {
      if (served.interfaceName === interfaceName) this.#served.delete(port);
    }
  }

  #take(): void {
    let opened = 0;
    for (const captured of this.#capture?.take() ?? []) {
      if (this.#hear(captured, opened < OPENED_AT_ONCE)) opened += 1;
    }
  }

  /** Whether it was opened. */
  #hear({ source, port, payload }: Captured, mayOpen: boolean): boolean {
    const served = this.#served.get(port);
    if (served === undefined || !isAddressedTo(served.responder, payload)) return false;
    const now = this.#now();
    const heard = this.#sources.hear(`${source} ${port}`, now);
    if (heard === 'usual') return false;
    const { interfaceName } = served;
    if (!mayOpen) {
      this.#arrivals.add({ interfaceName, publicKey: null });
      return false;
    }
    const initiation = openInitiation(served.responder, payload);
    if (initiation === undefined || !served.isPeer(initiation.publicKey)) return true;
    this.#arrivals.add({ interfaceName, publicKey: initiation.publicKey });
    if (heard === 'repeat') this.#refused.attempt(interfaceName, initiation, source, now);
    return true;
  }
}
