/** Asks the sidecar again and again whether it has the node, and says in the log what is waited for. */
import { type Clock, type Logger, sleep } from '../kube/index.ts';
import type { SidecarHealth, SidecarPort } from './sidecar-health.ts';

export interface AttendantOptions {
  sidecar: SidecarPort;
  health: SidecarHealth;
  clock: Clock;
  logger: Logger;
  /** Ends the agent: from then on nothing may be written. */
  signal: AbortSignal;
  /** What the sidecar says of the node has changed. */
  onProblem: () => void;
  /** WireGuard of a tunnel has ended by itself, the node does not say of which. */
  onLost: () => void;
}

/** While the sidecar works, ms. */
const LOOK_MS = 1_000;
/** While it is waited for, ms: so much longer is a tunnel deaf when one gateway pod takes over from another. */
const KNOCK_MS = 150;
const ANSWER_LIMIT_MS = 5_000;
/** For so long its last answer counts, ms. */
const FRESH_MS = 100;

export class Attendant {
  readonly #options: AttendantOptions;
  #looking: Promise<void> | undefined;
  /** When it last said that it has the node, monotonic ms. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #said = '';
  #problem: string | undefined;
  #lost = 0;

  constructor(options: AttendantOptions) {
    this.#options = options;
  }

  /** Until the signal. */
  async run(): Promise<void> {
    const { health, clock, signal } = this.#options;
    while (!signal.aborted) {
      await this.#look();
      await sleep(clock, health.isUp ? LOOK_MS : KNOCK_MS, signal);
    }
  }

  /**
   * Whether this agent speaks for its node. Two agents of one node may run for a moment, while one takes over from the
   * other; only the one beside the sidecar that has the node writes, so it is asked just before each write.
   */
  async mayWrite(): Promise<boolean> {
    const { health, clock, signal } = this.#options;
    if (signal.aborted) return false;
    if (!health.isUp || clock.monotonic() - this.#confirmedAt > FRESH_MS) await this.#look();
    return health.isUp && !signal.aborted;
  }

  #look(): Promise<void> {
    this.#looking ??= this.#ask().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #ask(): Promise<void> {
    const { sidecar, health, clock, signal } = this.#options;
    const asked = clock.monotonic();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    try {
      const version = await sidecar.version(limited);
      health.learnVersion(version);
      if (health.isUp) this.#confirmedAt = asked;
      if (version.lost > this.#lost) this.#options.onLost();
      this.#lost = version.lost;
    } catch (error) {
      if (signal.aborted) return;
      if (limited.aborted) health.refuse('it does not answer');
      else health.learnFrom(error);
    }
    this.#tell();
  }

  /** Each thing once. */
  #tell(): void {
    const { health, logger, onProblem } = this.#options;
    if (health.isUp && health.problem !== this.#problem) {
      this.#problem = health.problem;
      onProblem();
    }
    const now = this.#saying();
    if (now.text === this.#said) return;
    const isFirst = this.#said === '';
    this.#said = now.text;
    // At the start of a pod one of two containers is there first.
    logger[isFirst && now.level === 'warn' && !health.isUp ? 'info' : now.level]({}, now.text);
  }

  #saying(): { level: 'info' | 'warn'; text: string } {
    const { isUp, isStandby, problem, waitingFor } = this.#options.health;
    if (problem !== undefined) {
      return { level: 'warn', text: `This node can carry no tunnel: ${problem} Looking again.` };
    }
    if (isUp) return { level: 'info', text: 'This gateway pod works on its node.' };
    if (isStandby) {
      return {
        level: 'info',
        text: 'Waiting until the gateway pod that works on this node ends; this one stands by.',
      };
    }
    return { level: 'warn', text: `Waiting for the sidecar: ${waitingFor}` };
  }
}
