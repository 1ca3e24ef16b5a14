/**
 * Whether the tunnels of this node may speak. Two promises pull apart: no two nodes answer for one tunnel, and a tunnel
 * works on while the API server is down. What decides between them is what the other gateways say. docs/failover.md
 * has the states drawn.
 */

/** How long a node speaks after its Lease was last renewed, ms; a second less than the Lease, so that it is over then. */
export const FENCE_MS = 6000;
/** How long the others' answer counts while some of them reach the API server: one may be given our tunnels any time. */
const GRANT_MS = 2000;
/** The same while none does: whoever gets there first is given nothing before a whole Lease has passed. */
const GRANT_ALL_CUT_MS = 6000;
/** Of a gateway, ms. The controller gives nothing away before that. */
const LEASE_MS = 7000;
/**
 * One that had renewed its Lease within this when it was asked reaches the API server, ms. Longer than the controller
 * calls a renewal fresh (pulses.ts): when none is, it waits for all anew, and gives nothing away before a whole Lease.
 */
const IN_CONTACT_MS = 5000;

/** Another gateway that could be given our tunnels. Times are monotonic ms. */
export interface Rival {
  /** When it was asked what it last answered. */
  answeredAt: number;
  /** When it last renewed its Lease, as it says. */
  contactAt: number;
}

export interface Situation {
  now: number;
  /** When the renewal of the own Lease began that last succeeded. */
  renewedAt: number;
  /** All who were there at that time. */
  rivals: readonly Rival[];
}

/** Until when the tunnels may speak, monotonic ms. */
export function speaksUntil({ renewedAt, rivals }: Omit<Situation, 'now'>): number {
  const own = renewedAt + FENCE_MS;
  if (rivals.length === 0) return own;
  // As it was when they answered: that none has answered since tells nothing of whom they reach.
  const isAllCut = rivals.every(({ answeredAt, contactAt }) => answeredAt - contactAt > IN_CONTACT_MS);
  const answered = Math.min(...rivals.map(({ answeredAt }) => answeredAt));
  return Math.max(own, answered + (isAllCut ? GRANT_ALL_CUT_MS : GRANT_MS));
}

/**
 * Whether nothing of this node can have been given away since its Lease was last renewed, as far as the others know:
 * all have answered just now, and none has reached the API server since the Lease ran out.
 */
export function isUntouched({ now, renewedAt, rivals }: Situation): boolean {
  return rivals.every(
    ({ answeredAt, contactAt }) => now - answeredAt < GRANT_MS && contactAt < renewedAt + LEASE_MS,
  );
}
