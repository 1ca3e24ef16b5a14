/** How long an address stays its Router's after that is gone, in every class of the world. */
export const QUARANTINE_SECONDS = 600;

/** Longer than a cache lags and a request is late, ms: so long two processes may differ about what a person wrote. */
export const LONGEST_LAG_MS = 150_000;
