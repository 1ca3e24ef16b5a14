import {
  type AddressUse,
  formatAddress,
  interfaceNameOf,
  networkOf,
  serverAddress,
  serverAddress6,
  type TunnelEntry,
} from '../allocation/index.ts';
import type {
  Condition,
  ConditionType,
  TenantTunnel,
  TenantTunnelStatus,
  TunnelClass,
} from '../api/index.ts';
import { findCondition, type OwnedStatus, setCondition } from '../kube/index.ts';
import { hostPort } from '../wireguard/index.ts';
import { namedHost } from './endpoint/host.ts';
import type { EndpointState } from './endpoint/verdict.ts';
import type { Refusal } from './find-tunnel.ts';
import type { Placement } from './gateways.ts';
import { addressPressure, type Verdict } from './pool-pressure.ts';

export interface TunnelGrant {
  entry: TunnelEntry;
  /** Absent when the class is gone: what the status says of the endpoint stays. */
  tunnelClass?: TunnelClass;
  /** Node that carries the tunnel, or why there is none. */
  placement: Placement;
  /** What the manifest asks for and cannot have, while what was given stays. */
  objection?: Refusal;
  /** What is worth saying although nothing is amiss with the tunnel. */
  remark?: Refusal;
  /** What is known of its endpoint beside the class. */
  endpoint?: EndpointState;
  /** How full its subnet is. */
  addresses?: AddressUse;
}

export type TunnelOutcome = { granted: TunnelGrant } | { refused: Refusal };

const FIELDS = [
  'observedGeneration',
  'phase',
  'index',
  'interfaceName',
  'subnet',
  'serverAddress',
  'subnet6',
  'serverAddress6',
  'listenPort',
  'endpoint',
  'publicKey',
  'gateway',
] as const;

export const OWNED_TUNNEL_STATUS: OwnedStatus = {
  fields: FIELDS,
  conditions: ['Allocated', 'PoolPressure', 'EndpointReady', 'Ready'],
};

/** What the controller writes into a TenantTunnel's status. */
export function planTunnelStatus(
  tunnel: TenantTunnel,
  outcome: TunnelOutcome,
  now: number,
): TenantTunnelStatus {
  const generation = tunnel.metadata.generation;
  const withConditions = (verdicts: Partial<Record<ConditionType, Verdict>>): Condition[] =>
    Object.entries(verdicts)
      .reduce<Condition[]>(
        (list, [type, verdict]) =>
          setCondition(list, { type, ...verdict, observedGeneration: generation }, now),
        tunnel.status?.conditions ?? [],
      )
      .filter(({ type }) => type in verdicts);
  if ('refused' in outcome) {
    const verdict: Verdict = { status: 'False', ...outcome.refused };
    // What was given is still true when only the record of it cannot be read, or is lost and yet to be made again.
    const isGiven = outcome.refused.reason !== 'TenantTaken';
    const before = (type: ConditionType) =>
      isGiven ? findCondition(tunnel.status?.conditions, type) : undefined;
    const pressure = before('PoolPressure');
    const endpoint = before('EndpointReady');
    return {
      ...(isGiven ? ownFields(tunnel) : {}),
      observedGeneration: generation,
      phase: 'Error',
      conditions: withConditions({
        Allocated: verdict,
        ...(pressure && { PoolPressure: pressure }),
        ...(endpoint && { EndpointReady: endpoint }),
        Ready: verdict,
      }),
    };
  }
  const { entry, tunnelClass, placement, objection, remark, addresses } = outcome.granted;
  const said = objection ?? remark;
  const host = outcome.granted.endpoint?.host ?? (tunnelClass && namedHost(tunnelClass, entry));
  // Without class or load balancer routers keep what they were told.
  const endpoint = host === undefined ? tunnel.status?.endpoint : hostPort(host, entry.listenPort);
  const leads = endpointVerdict(tunnel, outcome.granted);
  const inside6 = serverAddress6(entry);
  const allocated: Verdict = {
    status: 'True',
    reason: said?.reason ?? 'Allocated',
    message:
      said?.message ?? `${interfaceNameOf(entry.index)} with ${entry.subnet} on port ${entry.listenPort}.`,
  };
  const ready = readiness(tunnel, outcome.granted, leads);
  const connected = tunnel.status?.routers?.connected ?? 0;
  return {
    observedGeneration: generation,
    phase: ready.status !== 'True' ? 'Pending' : connected > 0 ? 'Active' : 'Inactive',
    index: entry.index,
    interfaceName: interfaceNameOf(entry.index),
    subnet: entry.subnet,
    serverAddress: formatAddress(serverAddress(networkOf(entry))),
    ...(entry.subnet6 && inside6 && { subnet6: entry.subnet6, serverAddress6: inside6 }),
    listenPort: entry.listenPort,
    ...(endpoint === undefined ? {} : { endpoint }),
    publicKey: entry.publicKey,
    ...('node' in placement ? { gateway: placement.node } : {}),
    conditions: withConditions({
      Allocated: allocated,
      ...(addresses && { PoolPressure: addressPressure(entry.subnet, addresses) }),
      ...(leads && { EndpointReady: leads }),
      Ready: ready,
    }),
  };
}

/** Whether routers are led to it. Of a tunnel without class stays said what was. */
function endpointVerdict(
  { status }: TenantTunnel,
  { tunnelClass, endpoint }: TunnelGrant,
): Verdict | undefined {
  return tunnelClass === undefined ? findCondition(status?.conditions, 'EndpointReady') : endpoint?.verdict;
}

function ownFields({ status = {} }: TenantTunnel): TenantTunnelStatus {
  return Object.fromEntries(
    Object.entries(status).filter(([name]) => FIELDS.some((field) => field === name)),
  );
}

function readiness(
  tunnel: TenantTunnel,
  { placement, objection }: TunnelGrant,
  leads: Verdict | undefined,
): Verdict {
  if (objection !== undefined) return { status: 'False', ...objection };
  if ('refused' in placement) return { status: 'False', ...placement.refused };
  if (placement.trouble !== undefined) return { status: 'False', ...placement.trouble };
  const said = findCondition(tunnel.status?.conditions, 'Ready');
  if (placement.isUnsure && said?.reason === 'NoGateway')
    return { status: 'False', reason: said.reason, message: said.message };
  const programmed = findCondition(tunnel.status?.conditions, 'Programmed');
  if (programmed?.status === 'True' && leads?.status === 'False') return leads;
  if (programmed?.status === 'True') {
    return { status: 'True', reason: 'Programmed', message: `Node ${placement.node} carries the tunnel.` };
  }
  if (programmed?.status === 'False') {
    return { status: 'False', reason: programmed.reason, message: programmed.message };
  }
  return {
    status: 'False',
    reason: 'Pending',
    message: `Node ${placement.node} has not set up the interface yet; see the gateway agent there if this lasts.`,
  };
}
