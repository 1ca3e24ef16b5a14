import type { RouterOsApi } from '../../../../src/routeros/index.ts';
import type { DeskRouter } from '../../../simulator/desk/router.ts';
import { connect } from './desk.ts';

export const KINDS = [
  'the link is cut for 20 s',
  'the link is cut for 100 s',
  'the agent is killed',
  'the router loses power',
] as const;
export type Kind = (typeof KINDS)[number];

/** What happens, and when: as the sentence `at` is sent, or its answer. Without a kind nothing does. */
export interface StrikeAt {
  kind?: Kind | undefined;
  at: number;
  side: 'client' | 'server';
}

/** Counts the sentences of an agent's sessions with a router, and strikes at one of them. */
export class Strike {
  readonly #router: DeskRouter;
  readonly #when: StrikeAt;
  readonly #sessions = new Set<RouterOsApi>();
  #isKilled = false;
  /** Of the agent, since it began. */
  sentences = 0;
  /** ms since 1970; 0: it did not come to that. */
  cutAt = 0;

  constructor(router: DeskRouter, when: StrikeAt) {
    this.#router = router;
    this.#when = when;
  }

  /** A session of the agent, while it lives. */
  readonly open = async (signal: AbortSignal): Promise<RouterOsApi> => {
    if (this.#isKilled) throw new Error('the agent is gone');
    const api = await connect(this.#router, signal);
    this.#sessions.add(api);
    return api;
  };

  begin(): void {
    const { kind, at, side } = this.#when;
    this.#router.onWrite = (from) => {
      if (from === 'client') this.sentences += 1;
      if (kind !== undefined && this.cutAt === 0 && from === side && this.sentences === at + 1)
        this.#strike(kind);
    };
  }

  end(): void {
    this.#router.onWrite = undefined;
    this.#close();
  }

  #strike(kind: Kind): void {
    this.cutAt = Date.now();
    const router = this.#router;
    if (kind === 'the router loses power') {
      void router.reboot();
      return;
    }
    router.isCut = true;
    this.#isKilled = kind === 'the agent is killed';
    if (this.#isKilled) this.#close();
    const ms = { 'the link is cut for 20 s': 20_000, 'the link is cut for 100 s': 100_000 }[kind as string];
    setTimeout(() => {
      router.isCut = false;
    }, ms ?? 1_000);
  }

  #close(): void {
    for (const session of this.#sessions) session.close();
  }
}
