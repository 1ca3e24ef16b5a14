import type { AddressClaim, Recovered, TunnelEntry } from '../allocation/index.ts';
import type { Condition, Router, RouterStatus, TenantTunnel, TunnelClass } from '../api/index.ts';
import { findCondition, keyOf, type OwnedStatus, setCondition } from '../kube/index.ts';
import type { Refusal } from './find-tunnel.ts';
import { routedBefore, routedCondition } from './routed-condition.ts';
import type { SubnetGrant } from './router-subnets.ts';

/** Phases that the gateway agent writes, from a router's first handshake on. */
const GATEWAY_PHASES = new Set(['VPNConnected', 'Configuring', 'Online', 'Offline']);

export interface Grant {
  claim: AddressClaim;
  entry: TunnelEntry;
  tunnel: TenantTunnel;
  tunnelClass: TunnelClass;
}

export type RouterOutcome =
  | {
      kind: 'granted';
      claim: AddressClaim;
      tunnel: TenantTunnel;
      script: string;
      /** Its IPv6 address, in a tunnel that has some. */
      address6?: string;
      /** It was set up by a script of before its tunnel had IPv6. */
      lacks6?: true;
      /** The script is a fresh one, which was asked for just now. */
      isRenewed?: boolean;
      subnets: SubnetGrant;
      /** What the manifest asks for and cannot have, while what was given stays. */
      objection?: Refusal;
    }
  /** What the ledger took over from elsewhere, without what makes a script: the one that is there stays. */
  | {
      kind: 'recovered';
      claim: AddressClaim;
      tunnel: TenantTunnel;
      address6?: string;
      lacks6?: true;
      subnets: SubnetGrant;
      objection?: Refusal;
    }
  /** What was given cannot be read or rendered now and is left as it is, the script in the status too. */
  | { kind: 'kept'; subnets?: SubnetGrant }
  /** Something asked for cannot be given until a person changes something. */
  | {
      kind: 'refused';
      refusal: Refusal;
      claim?: AddressClaim;
      isLetGo?: true;
      /** So many are refused alike that no Event is to tell of this one. */
      isOneOfMany?: true;
    }
  /** What it needs is on its way. `isLetGo`: what the status tells is not the router's any more. */
  | { kind: 'waiting'; refusal: Refusal; isLetGo?: true };

export interface PlannedStatus {
  status: RouterStatus;
  owned: OwnedStatus;
}

/** Whether the router has connected and its phase and readiness are the gateway's to tell. */
export const gatewayHolds = (router: Router): boolean => GATEWAY_PHASES.has(router.status?.phase ?? '');

const GIVEN = ['address', 'address6', 'subnets', 'publicKey', 'tunnel', 'script'] as const;

/** What the controller writes into a Router's status: its own part, which leaves the gateway's alone. */
export function planRouterStatus(router: Router, outcome: RouterOutcome, now: number): PlannedStatus {
  if (outcome.kind === 'refused' || outcome.kind === 'waiting') return refusedStatus(router, outcome, now);
  const base: RouterStatus = { observedGeneration: router.metadata.generation, ...given(router, outcome) };
  const allocated = allocatedCondition(router, outcome);
  const routed =
    outcome.subnets === undefined
      ? routedBefore(router)
      : routedCondition(router, base.address ?? '', outcome.subnets);
  if (router.spec.suspended) {
    return plan(router, { ...base, phase: 'Suspended' }, now, [
      allocated,
      routed,
      {
        type: 'Ready',
        status: 'False',
        reason: 'Suspended',
        message: 'Cut off by spec.suspended; set it to false to let the router back in, with no new script.',
      },
    ]);
  }
  if (gatewayHolds(router) && !isAnew(router, outcome)) return plan(router, base, now, [allocated, routed]);
  return plan(router, { ...base, phase: 'AwaitingConnection' }, now, [
    allocated,
    routed,
    awaiting(base.script),
  ]);
}

/** Whether what the gateway says is of a router whose access has just ended: a fresh script has other keys. */
const isAnew = ({ status }: Router, outcome: Given): boolean =>
  outcome.kind === 'granted' &&
  outcome.claim.entry.renewed !== undefined &&
  // It made that key while it was there.
  !outcome.claim.entry.isOwnKey &&
  outcome.claim.entry.publicKey !== status?.publicKey;

const awaiting = (script: string | undefined): Omit<Condition, 'lastTransitionTime'> => ({
  type: 'Ready',
  status: 'False',
  reason: 'AwaitingConnection',
  message:
    script === undefined
      ? 'Waiting for a handshake of the router, which was set up before.'
      : 'Waiting for the first handshake: paste status.script into the terminal of the router.',
});

type Given = Extract<RouterOutcome, { kind: 'granted' | 'recovered' | 'kept' }>;

function given({ status = {} }: Router, outcome: Given): RouterStatus {
  if (outcome.kind === 'kept') {
    const { subnets, ...others } = givenBefore({ status });
    return { ...others, ...routedTo(outcome.subnets?.granted ?? subnets) };
  }
  const { claim, tunnel, subnets, address6 } = outcome;
  const { publicKey } = claim.entry;
  const kept = status.publicKey === publicKey ? status.script : undefined;
  const script = outcome.kind === 'granted' ? outcome.script : kept;
  const { address } = claim;
  const inside = { address, ...(address6 && { address6 }), ...routedTo(subnets.granted) };
  return { ...inside, publicKey, tunnel: keyOf(tunnel), ...(script === undefined ? {} : { script }) };
}

const routedTo = (subnets: string[] = []): RouterStatus => (subnets.length === 0 ? {} : { subnets });

const givenBefore = ({ status = {} }: Pick<Router, 'status'>): RouterStatus =>
  Object.fromEntries(GIVEN.flatMap((field) => (status[field] === undefined ? [] : [[field, status[field]]])));

function allocatedCondition(
  { status }: Router,
  outcome: Given,
): Omit<Condition, 'lastTransitionTime'> & { type: 'Allocated' } {
  const type = 'Allocated';
  if (outcome.kind === 'kept') {
    const before = findCondition(status?.conditions, type);
    const message = `Address ${status?.address}.`;
    return { status: 'True', reason: 'Allocated', message, ...before, type };
  }
  const { claim, tunnel, objection, address6, lacks6 } = outcome;
  const without6 = lacks6
    ? ` It was set up before the tunnel had IPv6, and does not have ${address6} yet: spec.script.renew asks for a script with that.`
    : '';
  const message = `Address ${claim.address} in tunnel ${keyOf(tunnel)}.${without6}`;
  const { recovered } = claim.entry;
  const allocated = { reason: 'Allocated', message } as const;
  const said = recovered === undefined ? allocated : recoveredSaying(message, recovered, status);
  return { type, status: 'True', ...said, ...objection };
}

function recoveredSaying(
  message: string,
  { at, keyLost, keyIsNew }: Recovered,
  status?: RouterStatus,
): Refusal {
  if (keyIsNew) {
    // Its time is noted to the second.
    const hasConnected = Date.parse(status?.lastHandshakeTime ?? '') > Date.parse(at);
    if (hasConnected) return { reason: 'Allocated', message };
    const what = `The keys of its tunnel were lost with the ledger, so it was given new ones on ${at.slice(0, 10)}: paste status.script into the router once more.`;
    return { reason: 'KeyLost', message: `${message} ${what}` };
  }
  const what = `The ledger was older than this router, as after a restore from a backup; on ${at.slice(0, 10)} it was taken over from the gateways or from this status, and nothing has to be done in the field.`;
  const script = keyLost
    ? ' Its private key is known to the router alone: spec.script.renew asks for a new script.'
    : '';
  return { reason: 'Recovered', message: `${message} ${what}${script}` };
}

function refusedStatus(router: Router, outcome: Exclude<RouterOutcome, Given>, now: number): PlannedStatus {
  const { reason, message } = outcome.refusal;
  const claim = outcome.kind === 'refused' ? outcome.claim : undefined;
  // Without a claim the status alone knows what the router has, and the ledger may have to learn it from there.
  const before = outcome.isLetGo ? {} : givenBefore(router);
  const status: RouterStatus = {
    observedGeneration: router.metadata.generation,
    phase: outcome.kind === 'refused' ? 'Error' : 'Pending',
    ...(claim === undefined ? before : heldStill(router, claim)),
  };
  return plan(router, status, now, [
    { type: 'Allocated', status: 'False', reason, message },
    { type: 'Ready', status: 'False', reason, message },
  ]);
}

/** The networks that it was told are its own still, until it asks for others. */
const heldStill = ({ status }: Router, { address, entry }: AddressClaim): RouterStatus => ({
  address,
  ...(status?.address6 && { address6: status.address6 }),
  ...(status?.subnets && { subnets: status.subnets }),
  publicKey: entry.publicKey,
});

function plan(
  router: Router,
  status: RouterStatus,
  now: number,
  sayings: readonly (Omit<Condition, 'lastTransitionTime'> | undefined)[],
): PlannedStatus {
  const generation = router.metadata.generation;
  const conditions = sayings.filter((saying) => saying !== undefined);
  const types = conditions.map(({ type }) => type);
  const all = conditions.reduce<Condition[]>(
    (list, condition) =>
      setCondition(list, { ...condition, observedGeneration: generation }, now) as Condition[],
    router.status?.conditions ?? [],
  );
  const fields = ['observedGeneration', ...GIVEN];
  return {
    status: { ...status, conditions: all.filter(({ type }) => types.includes(type)) },
    owned: {
      fields: status.phase === undefined ? fields : [...fields, 'phase'],
      conditions: [...new Set([...types, 'Routed'])],
    },
  };
}
