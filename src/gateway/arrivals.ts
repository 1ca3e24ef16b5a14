/**
 * Waits for what the sidecar hears: that somebody begins a handshake. To read the handshakes of a large tunnel takes half
 * a second and more, so it is done then, and not again and again.
 */
import { type Clock, type Logger, sleep } from '../kube/index.ts';
import type { Arrival } from '../wireguard/index.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface ArrivalsOptions {
  sidecar: SidecarPort;
  /** Told of an answer that breaks off: a sidecar that is back within a second is else not seen to have gone. */
  health: Pick<SidecarHealth, 'learnFrom'>;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
  onArrival: (arrival: Arrival) => void;
}

/** Between two answers, ms: who comes meanwhile comes with the next. */
const GATHER_MS = 50;
/** After a failure, or where the sidecar cannot listen. */
const AGAIN_MS = 1_000;
/** Longer than the sidecar waits for somebody. */
const ANSWER_LIMIT_MS = 60_000;

export class Arrivals {
  readonly #options: ArrivalsOptions;
  #sequence = 0;
  #isListening = false;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** Whether those who come are heard. */
  get isListening(): boolean {
    return this.#isListening;
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      await this.#wait();
      await sleep(clock, this.#isListening ? GATHER_MS : AGAIN_MS, signal);
    }
  }

  async #wait(): Promise<void> {
    const { sidecar, health, signal, logger, onArrival } = this.#options;
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    try {
      const { sequence, arrivals, listening } = await sidecar.arrivals(this.#sequence, limited);
      this.#sequence = sequence;
      this.#isListening = listening;
      for (const arrival of arrivals) onArrival(arrival);
    } catch (err) {
      // Until it listens again, tunnels are read often, as without it.
      this.#isListening = false;
      this.#sequence = 0;
      if (signal.aborted) return;
      health.learnFrom(err);
      logger.debug({ err }, 'The sidecar does not tell who comes.');
    }
  }
}
