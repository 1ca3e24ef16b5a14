import {
  PROTOCOL_VERSION,
  type SidecarClient,
  SidecarError,
  type SidecarErrorCode,
  type SidecarVersion,
} from '../wireguard/index.ts';

/** What this room uses of the sidecar's client; tests stand in here. */
export type SidecarPort = Pick<
  SidecarClient,
  | 'version'
  | 'list'
  | 'hold'
  | 'put'
  | 'patchPeers'
  | 'remove'
  | 'observe'
  | 'connect'
  | 'refused'
  | 'call'
  | 'arrivals'
  | 'putServices'
>;

/** Its process is not there, or is ending, or another has the node: what comes back may know nothing. */
const AWAY: readonly SidecarErrorCode[] = ['Unreachable', 'Stopping', 'Standby'];
/** Characters of it that are told on. */
const MAX_PROBLEM = 500;
/** Of one call: others may be answered all the while. */
const UNCLEAR: readonly SidecarErrorCode[] = ['Timeout', 'BadReply'];

export const isSidecarAway = (error: unknown): boolean =>
  error instanceof SidecarError && AWAY.includes(error.code);

/** Whether the sidecar answers and has the node, from what all calls to it have met. */
export class SidecarHealth {
  #state: 'unknown' | 'up' | 'standby' | 'away' = 'unknown';
  #why = 'it has not answered yet';
  #problem: string | undefined;
  #wasUp = false;
  #mayHaveLost = false;
  readonly #firstUp = Promise.withResolvers<void>();
  readonly #onReturn: () => void;

  /** `onReturn` runs when it answers again after it was away: it may be another one, that knows nothing. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  /** It answers, and has the node. */
  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** It answers, and another one has the node. */
  get isStandby(): boolean {
    return this.#state === 'standby';
  }

  /** Resolves when it first has the node. */
  get firstUp(): Promise<void> {
    return this.#firstUp.promise;
  }

  /** Why the node can carry no tunnel, in one sentence. */
  get problem(): string | undefined {
    return this.isUp ? this.#problem : undefined;
  }

  /** Why it does not answer as it should, as a phrase; undefined while it does, a standby too. */
  get waitingFor(): string | undefined {
    return this.isUp || this.isStandby ? undefined : this.#why;
  }

  /** Learns from the outcome of a call, and hands it on. */
  async learn<T>(call: Promise<T>): Promise<T> {
    try {
      const value = await call;
      this.answered();
      return value;
    } catch (error) {
      this.learnFrom(error);
      throw error;
    }
  }

  learnFrom(error: unknown): void {
    if (!(error instanceof SidecarError)) return;
    if (error.code === 'Standby') this.#leave('standby');
    else if (isSidecarAway(error)) this.#leave('away', error.message);
    else if (!UNCLEAR.includes(error.code)) this.answered();
  }

  learnVersion({ protocol, state, problem }: SidecarVersion): void {
    if (protocol !== PROTOCOL_VERSION) {
      const versions = `protocol ${protocol}, this agent ${PROTOCOL_VERSION}`;
      this.refuse(`it speaks ${versions}: bring both containers to one version`);
    } else if (state === 'standby') {
      this.#leave('standby');
    } else {
      this.#problem = problem?.slice(0, MAX_PROBLEM);
      this.answered();
    }
  }

  /** It answers, but not in a way that this agent understands; or not at all. */
  refuse(why: string): void {
    this.#state = 'away';
    this.#why = why;
  }

  answered(): void {
    this.#state = 'up';
    this.#wasUp = true;
    this.#firstUp.resolve();
    if (!this.#mayHaveLost) return;
    this.#mayHaveLost = false;
    this.#onReturn();
  }

  #leave(state: 'standby' | 'away', why = ''): void {
    // What was never up was given nothing that it could lose.
    this.#mayHaveLost = this.#wasUp;
    this.#state = state;
    this.#why = why;
  }
}
