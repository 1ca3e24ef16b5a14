/** How often the handshakes of one tunnel are read. */
export interface Pace {
  /** While somebody waits for a router, ms. */
  fastMs: number;
  /** Otherwise, ms. */
  slowMs: number;
  /** How long after it was made, or lost, a router counts as waited for, ms. */
  waitForMs: number;
}

export const defaultPace: Pace = { fastMs: 500, slowMs: 5_000, waitForMs: 15 * 60_000 };

/** Many tunnels at rest are read less often, so that all together cost the same. */
const SLOW_MS_PER_TUNNEL = 10;
/** So is a large one, of 65,000 peers every 30 s: for 0.2 s WireGuard takes no change meanwhile. Who comes is heard. */
const SLOW_MS_PER_PEER = 0.45;
/** Reading takes at most this part of the time, however large the tunnel. */
const READING_SHARE = 1 / 3;
/** What is read so soon is read again and again; what takes longer when the sidecar has heard somebody. */
const CHEAP_MS = 50;
/** So long after that somebody may be about to be let in. */
export const ARRIVING_MS = 3_000;

export interface PaceInput {
  /** A router of the tunnel is not connected and was made or lost within `waitForMs`. */
  awaited: boolean;
  /** Tunnels on this node. */
  tunnels: number;
  /** Peers of this one. */
  peers: number;
  /** What the last reading took, ms. */
  lastReadMs: number;
  /** Since the sidecar heard somebody begin a handshake who is not connected yet, ms; undefined where it cannot listen. */
  sinceArrivalMs: number | undefined;
  /** In [0, 1). */
  random: number;
}

export const isCheap = (readMs: number): boolean => readMs <= CHEAP_MS;

/** The pause before the next reading, ms: spread by ±10 %, so that tunnels do not march in step. */
export function pauseBeforeNextRead(pace: Pace, input: PaceInput): number {
  const wanted = isFast(input)
    ? pace.fastMs
    : Math.max(pace.slowMs, input.tunnels * SLOW_MS_PER_TUNNEL, input.peers * SLOW_MS_PER_PEER);
  const atLeast = input.lastReadMs * (1 / READING_SHARE - 1);
  return Math.max(wanted * (0.9 + 0.2 * input.random), atLeast);
}

function isFast({ awaited, lastReadMs, sinceArrivalMs }: PaceInput): boolean {
  if (!awaited || sinceArrivalMs === undefined || isCheap(lastReadMs)) return awaited;
  return sinceArrivalMs < ARRIVING_MS;
}
