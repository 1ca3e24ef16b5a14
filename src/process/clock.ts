/** Time as an argument, so that tests can turn it by hand. The same shape as the kube room's, which imports nobody. */
export interface Clock {
  /** Milliseconds since 1970; may jump. For timestamps that others read. */
  wall(): number;
  /** Milliseconds since some start; never goes back. For durations and deadlines. */
  monotonic(): number;
  /** Runs `callback` once, `ms` from now; the result cancels it. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
