/**
 * What a peer's handshake counter says about its router.
 *
 *     Awaiting ──handshake──▶ Connected ──none for 180 s──▶ Offline
 *         │                       ▲                            │
 *         └─an old handshake──────┼────────────────────────────▶
 *                                 └──────a new handshake───────┘
 *
 * A connected peer whose keepalives pass makes a handshake every two minutes (WireGuard paper §6.2: REKEY_AFTER_TIME
 * 120 s; §6.1: none is usable after REJECT_AFTER_TIME, 180 s). The counter is a wall clock's second, and that clock
 * may jump: only its first value is held against the wall clock, later ones count from when they are seen to change.
 */
export type Connectivity = 'Awaiting' | 'Connected' | 'Offline';

/** One instant on both clocks, in ms: the wall's since 1970, the monotonic one's since some start. */
export interface Moment {
  wall: number;
  monotonic: number;
}

export interface Link {
  readonly state: Connectivity;
  /** Newest handshake known, Unix seconds; 0 before the first. Survives an interface that is made again. */
  readonly lastHandshake: number;
  /** The counter as last read; 0 on an interface without a handshake. */
  readonly counter: number;
  /** When the router was last surely there, monotonic ms. */
  readonly heardAt: number;
  /** When this state began, or the peer appeared; monotonic ms. */
  readonly since: number;
  /** How often this process has seen the router come; 0 for one that was there already when the agent started. */
  readonly arrivals: number;
}

export function newLink(now: Moment): Link {
  return {
    state: 'Awaiting',
    lastHandshake: 0,
    counter: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    since: now.monotonic,
    arrivals: 0,
  };
}

/**
 * The link of a router that its status calls connected although its interface knows no handshake: the interface was
 * made again. The router has until `offlineAfter` from now to make one. A link that knows better stays as it is.
 */
export function adoptLink(link: Link, now: Moment): Link {
  if (link.state !== 'Awaiting') return link;
  return { ...link, state: 'Connected', heardAt: now.monotonic, since: now.monotonic };
}

/** The link after one reading of the counter; the very same object when nothing changed. */
export function nextLink(link: Link, counter: number, now: Moment, offlineAfterMs: number): Link {
  const heardAt = lastHeard(link, counter, now);
  const state = nextState(link, counter, now.monotonic - heardAt < offlineAfterMs);
  if (state === link.state && counter === link.counter && heardAt === link.heardAt) return link;
  const entered = state !== link.state;
  return {
    state,
    lastHandshake: counter > 0 ? counter : link.lastHandshake,
    counter,
    heardAt,
    since: entered ? now.monotonic : link.since,
    arrivals: entered && state === 'Connected' ? link.arrivals + 1 : link.arrivals,
  };
}

function lastHeard(link: Link, counter: number, now: Moment): number {
  if (counter === link.counter) return link.heardAt;
  // The interface was made again: its routers notice only when their session ends.
  if (counter === 0) return link.state === 'Connected' ? now.monotonic : link.heardAt;
  return now.monotonic - Math.max(0, now.wall - counter * 1000);
}

function nextState(link: Link, counter: number, fresh: boolean): Connectivity {
  switch (link.state) {
    case 'Awaiting':
      if (counter === 0) return 'Awaiting';
      return fresh ? 'Connected' : 'Offline';
    case 'Connected':
      return fresh ? 'Connected' : 'Offline';
    case 'Offline':
      return fresh && counter > 0 ? 'Connected' : 'Offline';
  }
}
