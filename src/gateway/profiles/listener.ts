/**
 * Listens to some routers for changes in menus that their profiles have rows in, so that drift is found within seconds. As many as
 * there are places; the others are looked at from time to time, as all are. Each place is given up after a while to whoever waits.
 */
import { backoffMs, type Clock, type Logger } from '../../kube/index.ts';
import { type RouterOsApi, RouterOsError } from '../../routeros/index.ts';
import { MOST_FRUITLESS, pauseAfterNews } from './news-pace.ts';

export interface ListenerOptions {
  /** Routers at once; 0: none. */
  places: number;
  /** Logs in to a router for so long, ms; the signal ends the session with it. Throws. */
  open: (router: string, sessionMs: number, signal: AbortSignal) => Promise<RouterOsApi>;
  /** A router is to be looked at after so many ms. */
  onNews: (router: string, afterMs: number) => void;
  logger: Logger;
  random: () => number;
  clock: Pick<Clock, 'after'>;
  /** Ends all. */
  signal: AbortSignal;
  /** How long one is listened to, ms; for tests. */
  holdMs?: number | undefined;
}

/** `refused`: it can be listened to in none of its menus. */
type Heard = 'something' | 'nothing' | 'refused';

interface Watched {
  /** Of its tunnel: one tunnel does not take all places. */
  tunnel: string;
  menus: readonly string[];
  /** While it has a place. */
  holding: AbortController | undefined;
  failures: number;
  /** Looks in a row after news that found nothing. */
  fruitless: number;
  /** A look is due that news asked for. */
  isAsked: boolean;
  /** Until it may have a place again. */
  rest: (() => void) | undefined;
}

const HOLD_MS = 30 * 60_000;
/** Of all places, while others wait. */
const TUNNEL_PART = 0.5;
const BACKOFF = { baseMs: 5_000, maxMs: 600_000 };
/** More in one session is no news, but noise. */
const MOST_ROWS = 10_000;
/** After a router told all the time of nothing that concerns us. */
const REST_MS = 3_600_000;
const REFUSALS: ReadonlySet<string> = new Set(['NoSuchCommand', 'NotPermitted', 'Trap']);
/** Rows that wait to be read; they are read at once. */
const MOST_WAITING = 1_000;

export class Listener {
  readonly #options: ListenerOptions;
  /** By Router, the one that waits longest first. */
  readonly #watched = new Map<string, Watched>();
  readonly #held = new Map<string, number>();
  #count = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#stopAll(), { once: true });
  }

  /** Routers that are listened to now. */
  get count(): number {
    return this.#count;
  }

  /** Whether it has told of something that was not looked at yet. */
  hasNews(router: string): boolean {
    return this.#watched.get(router)?.isAsked ?? false;
  }

  /** A look at a router has come to an end: it has rows in these menus; `writes` were needed. */
  looked(router: string, tunnel: string, menus: readonly string[], writes: number): void {
    const { places, signal } = this.#options;
    if (places === 0 || signal.aborted) return;
    const known = this.#watched.get(router);
    const isSame = known?.tunnel === tunnel && known.menus.join() === menus.join();
    if (!isSame) this.stop(router);
    if (menus.length === 0) return;
    const watched = isSame ? known : fresh(tunnel, menus);
    this.#watched.set(router, watched);
    if (writes > 0) watched.fruitless = 0;
    else if (watched.isAsked) watched.fruitless += 1;
    watched.isAsked = false;
    if (watched.fruitless >= MOST_FRUITLESS) this.#rest(router, watched, REST_MS);
    this.#fill();
  }

  /** It is gone, away, or has no profile any more. */
  stop(router: string): void {
    const watched = this.#watched.get(router);
    if (watched === undefined) return;
    this.#watched.delete(router);
    watched.rest?.();
    watched.holding?.abort();
  }

  /** A look could not be made. */
  missed(router: string): void {
    const watched = this.#watched.get(router);
    if (watched !== undefined) watched.isAsked = false;
  }

  #stopAll(): void {
    for (const router of [...this.#watched.keys()]) this.stop(router);
  }

  /** Gives free places to those that wait: to each tunnel its share first, and what is left to whoever comes next. */
  #fill(): void {
    const { places } = this.#options;
    for (const share of [Math.max(1, Math.floor(places * TUNNEL_PART)), places])
      for (const [router, watched] of this.#watched) {
        if (this.#count >= places) return;
        const isBusy = watched.holding !== undefined || watched.rest !== undefined;
        if (!isBusy && (this.#held.get(watched.tunnel) ?? 0) < share) void this.#hold(router, watched);
      }
  }

  /** Until its time is over, it is stopped, or the session ends. */
  async #hold(router: string, watched: Watched): Promise<void> {
    const { open, logger, random, clock, holdMs = HOLD_MS } = this.#options;
    const { tunnel } = watched;
    const holding = new AbortController();
    watched.holding = holding;
    this.#enter(tunnel, 1);
    // A fleet that was started at once does not end at once.
    const time = holdMs * (0.8 + 0.4 * random());
    let isOver = false;
    const cancel = clock.after(time, () => {
      isOver = true;
      holding.abort();
    });
    let heard: Heard = 'nothing';
    try {
      const api = await open(router, time + 60_000, holding.signal);
      try {
        heard = await this.#listen(router, watched, api, holding.signal);
      } finally {
        api.close();
      }
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (!holding.signal.aborted)
        logger.debug({ router, code }, 'A router is not listened to any more; it is looked at now and then.');
    } finally {
      cancel();
      holding.abort();
      watched.holding = undefined;
      this.#enter(tunnel, -1);
    }
    if (this.#watched.get(router) !== watched) {
      this.#fill();
      return;
    }
    // To the end of the line.
    this.#watched.delete(router);
    this.#watched.set(router, watched);
    watched.failures = isOver || heard === 'something' ? 1 : watched.failures + 1;
    const wait = heard === 'refused' ? REST_MS : backoffMs(watched.failures, BACKOFF, random);
    if (!isOver && watched.rest === undefined) this.#rest(router, watched, wait);
    this.#fill();
  }

  /** Resolves when no menu tells any more. */
  async #listen(router: string, watched: Watched, api: RouterOsApi, signal: AbortSignal): Promise<Heard> {
    let heard: Heard = 'nothing';
    let refused = 0;
    let rows = 0;
    const listen = async (menu: string): Promise<void> => {
      try {
        const changes = api.listen([`${menu}/listen`], { signal, mostWaiting: MOST_WAITING });
        for await (const _row of changes) {
          heard = 'something';
          rows += 1;
          if (rows > MOST_ROWS) this.#rest(router, watched, REST_MS);
          else this.#news(router, watched);
        }
      } catch (error) {
        // A menu that this router cannot be listened to is no reason not to listen to the others.
        if (!(error instanceof RouterOsError)) throw error;
        if (REFUSALS.has(error.code)) refused += 1;
      }
    };
    await Promise.all(watched.menus.map(listen));
    return refused === watched.menus.length ? 'refused' : heard;
  }

  #news(router: string, watched: Watched): void {
    if (watched.isAsked || this.#watched.get(router) !== watched) return;
    watched.isAsked = true;
    this.#options.onNews(router, pauseAfterNews(watched.fruitless));
  }

  #rest(router: string, watched: Watched, ms: number): void {
    watched.rest?.();
    watched.fruitless = 0;
    watched.rest = this.#options.clock.after(ms, () => {
      watched.rest = undefined;
      if (this.#watched.get(router) === watched) this.#fill();
    });
    watched.holding?.abort();
  }

  #enter(tunnel: string, by: 1 | -1): void {
    this.#count += by;
    const left = (this.#held.get(tunnel) ?? 0) + by;
    if (left > 0) this.#held.set(tunnel, left);
    else this.#held.delete(tunnel);
  }
}

const fresh = (tunnel: string, menus: readonly string[]): Watched => ({
  tunnel,
  menus,
  holding: undefined,
  failures: 0,
  fruitless: 0,
  isAsked: false,
  rest: undefined,
});
