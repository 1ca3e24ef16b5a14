import type { Lease } from './builtin.ts';
import { microTime } from './microtime.ts';

export type LeaseSpec = NonNullable<Lease['spec']>;

/** A lease as this process last saw it change, by its own monotonic clock (ms). */
export interface ObservedLease {
  lease: Lease;
  changedAt: number;
}

export interface Candidate {
  identity: string;
  leaseDurationMs: number;
}

/**
 * Takes a lease just read into account. Its times are another machine's and count for nothing: it is alive for as
 * long as it changes (client-go tools/leaderelection).
 */
export function observe(known: ObservedLease | undefined, lease: Lease, monotonicMs: number): ObservedLease {
  const same =
    known !== undefined &&
    known.lease.metadata.uid === lease.metadata.uid &&
    JSON.stringify(known.lease.spec) === JSON.stringify(lease.spec);
  return { lease, changedAt: same ? known.changedAt : monotonicMs };
}

/** Whether the candidate may write itself in: nobody holds the lease, or it does, or the holder fell silent. */
export function mayTake(observed: ObservedLease, me: Candidate, monotonicMs: number): boolean {
  const { holderIdentity, leaseDurationSeconds } = observed.lease.spec ?? {};
  if (!holderIdentity || holderIdentity === me.identity) return true;
  // A holder configured with a longer duration counts on that one; nonsense in the record counts for nothing.
  const theirs = Math.min(Math.max((leaseDurationSeconds ?? 0) * 1000, 0), 3_600_000);
  return monotonicMs - observed.changedAt > Math.max(theirs, me.leaseDurationMs);
}

/** The spec to write: renewed, or taken over from somebody else. */
export function heldSpec(before: LeaseSpec | undefined, me: Candidate, wallMs: number): LeaseSpec {
  const now = microTime(wallMs);
  const mine = before?.holderIdentity === me.identity;
  return {
    holderIdentity: me.identity,
    leaseDurationSeconds: Math.max(Math.ceil(me.leaseDurationMs / 1000), 1),
    acquireTime: mine ? (before?.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (before?.leaseTransitions ?? 0) + (mine || before === undefined ? 0 : 1),
  };
}

/** The spec that lets others in at once. */
export function releasedSpec(before: LeaseSpec, wallMs: number): LeaseSpec {
  const now = microTime(wallMs);
  return { ...before, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
}
