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
/** Reading takes at most this part of the time, however large the tunnel. */
const READING_SHARE = 1 / 3;

export interface PaceInput {
  /** A router of the tunnel is not connected and was made or lost within `waitForMs`. */
  awaited: boolean;
  /** Tunnels on this node. */
  tunnels: number;
  /** What the last reading took, ms. */
  lastReadMs: number;
  /** In [0, 1). */
  random: number;
}

/** The pause before the next reading, ms: spread by ±10 %, so that tunnels do not march in step. */
export function pauseBeforeNextRead(pace: Pace, input: PaceInput): number {
  const wanted = input.awaited ? pace.fastMs : Math.max(pace.slowMs, input.tunnels * SLOW_MS_PER_TUNNEL);
  const atLeast = input.lastReadMs * (1 / READING_SHARE - 1);
  return Math.max(wanted * (0.9 + 0.2 * input.random), atLeast);
}
