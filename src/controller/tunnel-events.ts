import type { EventReason, TenantTunnel, TenantTunnelStatus } from '../api/index.ts';
import { type EventInput, findCondition, refOf } from '../kube/index.ts';
import { hasRisen } from './pool-pressure.ts';
import type { TunnelGrant, TunnelOutcome } from './tunnel-status.ts';

type TunnelEvent = EventInput & { reason: EventReason };

/** What a person would want to hear about a status that was just written; `tunnel` is as it was before. */
export function tunnelEvents(
  tunnel: TenantTunnel,
  outcome: TunnelOutcome,
  after: TenantTunnelStatus,
): TunnelEvent[] {
  const before = tunnel.status;
  const allocated = findCondition(before?.conditions, 'Allocated');
  const regarding = refOf(tunnel);
  if ('refused' in outcome) {
    const { reason, message: note } = outcome.refused;
    if (allocated?.reason === reason) return [];
    const said = reason === 'PoolExhausted' ? reason : 'AllocationFailed';
    return [{ regarding, type: 'Warning', reason: said, action: 'Allocate', note }];
  }
  const { index, subnet, listenPort } = outcome.granted.entry;
  const also = [
    ...keyEvents(tunnel, after),
    ...placementEvents(tunnel, outcome.granted, after),
    ...pressureEvents(tunnel, after),
  ];
  if (allocated?.status !== 'True') {
    const note = `Interface wg${index}, subnet ${subnet}, port ${listenPort}.`;
    return [{ regarding, type: 'Normal', reason: 'TunnelAllocated', action: 'Allocate', note }, ...also];
  }
  if (before?.endpoint !== undefined && after.endpoint !== undefined && before.endpoint !== after.endpoint) {
    const note = `New scripts name the endpoint ${after.endpoint}; routers that were set up before use ${before.endpoint} until they are brought over, as they are Online. Keep that one working until status.endpointChange is gone.`;
    return [{ regarding, type: 'Warning', reason: 'EndpointChanged', action: 'Allocate', note }, ...also];
  }
  return also;
}

/** That its key was lost, once. */
function keyEvents(tunnel: TenantTunnel, after: TenantTunnelStatus): TunnelEvent[] {
  const allocated = findCondition(after.conditions, 'Allocated');
  const before = findCondition(tunnel.status?.conditions, 'Allocated');
  if (allocated?.reason !== 'KeyLost' || before?.reason === 'KeyLost') return [];
  const { message: note } = allocated;
  return [{ regarding: refOf(tunnel), type: 'Warning', reason: 'KeyLost', action: 'Allocate', note }];
}

/** That its addresses come to their end, once at each step. */
function pressureEvents(tunnel: TenantTunnel, after: TenantTunnelStatus): TunnelEvent[] {
  const condition = findCondition(after.conditions, 'PoolPressure');
  const before = findCondition(tunnel.status?.conditions, 'PoolPressure');
  if (condition === undefined || !hasRisen(before, condition)) return [];
  const reason = condition.reason === 'Exhausted' ? 'AddressPoolExhausted' : 'AddressPoolNearlyExhausted';
  const { message: note } = condition;
  return [{ regarding: refOf(tunnel), type: 'Warning', reason, action: 'Allocate', note }];
}

/** That no node can carry it, once for as long as it is so, whatever else the reason becomes. */
function placementEvents(
  tunnel: TenantTunnel,
  { placement }: TunnelGrant,
  after: TenantTunnelStatus,
): TunnelEvent[] {
  const isHomeless = (status: TenantTunnelStatus | undefined): boolean =>
    findCondition(status?.conditions, 'Ready')?.reason === 'NoGateway';
  const refused = 'refused' in placement ? placement.refused : placement.trouble;
  if (refused === undefined || !isHomeless(after) || isHomeless(tunnel.status)) return [];
  const { message: note } = refused;
  return [{ regarding: refOf(tunnel), type: 'Warning', reason: 'NoGateway', action: 'Place', note }];
}
