import { type SidecarClient, SidecarError, type SidecarErrorCode } from '../wireguard/index.ts';

/** What this room uses of the sidecar's client; tests stand in here. */
export type SidecarPort = Pick<
  SidecarClient,
  'version' | 'list' | 'put' | 'patchPeers' | 'remove' | 'observe' | 'connect'
>;

/** Codes that say nothing about the request: the sidecar is away, going away or not understood. */
const AWAY: readonly SidecarErrorCode[] = ['Unreachable', 'Timeout', 'BadReply', 'Stopping'];

export const isSidecarAway = (error: unknown): boolean =>
  error instanceof SidecarError && AWAY.includes(error.code);

/** Whether the sidecar answers, from what all calls to it have met. */
export class SidecarHealth {
  #state: 'unknown' | 'up' | 'away' = 'unknown';
  #why = 'the sidecar has not answered yet';
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
    if (!isSidecarAway(error)) this.answered();
    else this.refuse(error.message);
  }

  /** It answers, but not in a way that this agent understands. */
  refuse(why: string): void {
    this.#state = 'away';
    this.#why = why;
  }

  answered(): void {
    const wasAway = this.#state === 'away';
    this.#state = 'up';
    if (wasAway) this.#onReturn();
  }
}
