/** How often a router is looked at that nobody has changed anything for, ms. */
export const DRIFT_MS = 10 * 60_000;
/** Many are looked at less often, so that all together cost the same. */
const PER_ROUTER_MS = 50;

/** ms, spread by ±10 %, so that routers do not march in step. `routers`: of this node that have profiles. */
export const pauseBeforeDriftLook = (driftMs: number, routers: number, random: number): number =>
  Math.max(driftMs, routers * PER_ROUTER_MS) * (0.9 + 0.2 * random);

/** A revision that was undone on a router is not tried there again for so long, ms; another one at once. */
export const REST_AFTER_UNDO_MS = 6 * 3_600_000;
