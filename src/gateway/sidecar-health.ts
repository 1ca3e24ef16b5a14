import { type SidecarClient, SidecarError, type SidecarErrorCode } from '../wireguard/index.ts';

/** What this room uses of the sidecar's client; tests stand in here. */
export type SidecarPort = Pick<
  SidecarClient,
  'version' | 'list' | 'put' | 'patchPeers' | 'remove' | 'observe' | 'connect'
>;

/** Its process is not there, or is ending: what comes back may be another one, that knows nothing. */
const AWAY: readonly SidecarErrorCode[] = ['Unreachable', 'Stopping'];
/** Of one call: others may be answered all the while. */
const UNCLEAR: readonly SidecarErrorCode[] = ['Timeout', 'BadReply'];

export const isSidecarAway = (error: unknown): boolean =>
  error instanceof SidecarError && AWAY.includes(error.code);

/** Whether the sidecar answers, from what all calls to it have met. */
export class SidecarHealth {
  #state: 'unknown' | 'up' | 'away' = 'unknown';
  #why = 'it has not answered yet';
  #mayHaveLost = false;
  readonly #onReturn: () => void;

  /** `onReturn` runs when it answers again after it was away: it may be another one, that knows nothing. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** What is waited for, as a phrase; undefined while it answers. */
  get waitingFor(): string | undefined {
    return this.#state === 'up' ? undefined : this.#why;
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
    if (isSidecarAway(error)) {
      this.#mayHaveLost = true;
      this.refuse(error.message);
    } else if (!UNCLEAR.includes(error.code)) this.answered();
  }

  /** It answers, but not in a way that this agent understands. */
  refuse(why: string): void {
    this.#state = 'away';
    this.#why = why;
  }

  answered(): void {
    this.#state = 'up';
    if (!this.#mayHaveLost) return;
    this.#mayHaveLost = false;
    this.#onReturn();
  }
}
