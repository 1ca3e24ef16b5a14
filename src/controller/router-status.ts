import type { AddressClaim, TunnelEntry } from '../allocation/index.ts';
import type { Condition, Router, RouterStatus, TenantTunnel, TunnelClass } from '../api/index.ts';
import { keyOf, type OwnedStatus, setCondition } from '../kube/index.ts';
import type { Refusal } from './find-tunnel.ts';
import { routerScript } from './router-script.ts';

/** Phases that the gateway agent writes, from a router's first handshake on. */
const GATEWAY_PHASES = new Set(['VPNConnected', 'Configuring', 'Online', 'Offline']);

export interface Grant {
  claim: AddressClaim;
  entry: TunnelEntry;
  tunnel: TenantTunnel;
  tunnelClass: TunnelClass;
  /** What the manifest asks for and cannot have, while what was given stays. */
  objection?: Refusal;
}

export type RouterOutcome =
  | { kind: 'granted'; grant: Grant }
  /** Something asked for cannot be given until a person changes something. */
  | { kind: 'refused'; refusal: Refusal; claim?: AddressClaim }
  /** What it needs is on its way. */
  | { kind: 'waiting'; refusal: Refusal };

export interface PlannedStatus {
  status: RouterStatus;
  owned: OwnedStatus;
}

/** Whether the router has connected and its phase and readiness are the gateway's to tell. */
export const gatewayHolds = (router: Router): boolean => GATEWAY_PHASES.has(router.status?.phase ?? '');

/** What the controller writes into a Router's status: its own part, which leaves the gateway's alone. */
export function planRouterStatus(router: Router, outcome: RouterOutcome, now: number): PlannedStatus {
  if (outcome.kind !== 'granted') return refusedStatus(router, outcome, now);
  const { grant } = outcome;
  const { claim, tunnel, objection } = grant;
  const base: RouterStatus = {
    observedGeneration: router.metadata.generation,
    address: claim.address,
    publicKey: claim.entry.publicKey,
    tunnel: keyOf(tunnel),
    script: routerScript(router, grant),
  };
  const allocated = {
    type: 'Allocated',
    status: 'True',
    reason: objection?.reason ?? 'Allocated',
    message: objection?.message ?? `Address ${claim.address} in tunnel ${keyOf(tunnel)}.`,
  } as const;
  if (router.spec.suspended) {
    return plan(router, { ...base, phase: 'Suspended' }, now, [
      allocated,
      {
        type: 'Ready',
        status: 'False',
        reason: 'Suspended',
        message: 'Cut off by spec.suspended; set it to false to let the router back in, with no new script.',
      },
    ]);
  }
  if (gatewayHolds(router)) return plan(router, base, now, [allocated]);
  return plan(router, { ...base, phase: 'AwaitingConnection' }, now, [
    allocated,
    {
      type: 'Ready',
      status: 'False',
      reason: 'AwaitingConnection',
      message: 'Waiting for the first handshake: paste status.script into the terminal of the router.',
    },
  ]);
}

function refusedStatus(
  router: Router,
  outcome: Exclude<RouterOutcome, { kind: 'granted' }>,
  now: number,
): PlannedStatus {
  const { reason, message } = outcome.refusal;
  const claim = outcome.kind === 'refused' ? outcome.claim : undefined;
  const status: RouterStatus = {
    observedGeneration: router.metadata.generation,
    phase: outcome.kind === 'refused' ? 'Error' : 'Pending',
    ...(claim === undefined ? {} : { address: claim.address, publicKey: claim.entry.publicKey }),
  };
  return plan(router, status, now, [
    { type: 'Allocated', status: 'False', reason, message },
    { type: 'Ready', status: 'False', reason, message },
  ]);
}

function plan(
  router: Router,
  status: RouterStatus,
  now: number,
  conditions: readonly Omit<Condition, 'lastTransitionTime'>[],
): PlannedStatus {
  const generation = router.metadata.generation;
  const types = conditions.map(({ type }) => type);
  const all = conditions.reduce<Condition[]>(
    (list, condition) =>
      setCondition(list, { ...condition, observedGeneration: generation }, now) as Condition[],
    router.status?.conditions ?? [],
  );
  const fields = ['observedGeneration', 'address', 'publicKey', 'tunnel', 'script'];
  return {
    status: { ...status, conditions: all.filter(({ type }) => types.includes(type)) },
    owned: { fields: status.phase === undefined ? fields : [...fields, 'phase'], conditions: types },
  };
}
