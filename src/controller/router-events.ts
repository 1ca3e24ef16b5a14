import type { EventReason, Router, RouterStatus } from '../api/index.ts';
import { type EventInput, findCondition, refOf } from '../kube/index.ts';
import type { RouterOutcome } from './router-status.ts';

/** What a person would want to hear about a status that was just written; `router` is as it was before. */
export function routerEvent(
  router: Router,
  outcome: RouterOutcome,
  after: RouterStatus,
): (EventInput & { reason: EventReason }) | undefined {
  const regarding = refOf(router);
  const before = router.status;
  if (outcome.kind === 'refused') {
    const { reason, message: note } = outcome.refusal;
    const isKnown = findCondition(before?.conditions, 'Allocated')?.reason === reason;
    if (isKnown || outcome.isOneOfMany) return undefined;
    const said = reason === 'AddressPoolExhausted' ? reason : 'AllocationFailed';
    return { regarding, type: 'Warning', reason: said, action: 'Allocate', note };
  }
  const routed = findCondition(after.conditions, 'Routed');
  const isNews = findCondition(before?.conditions, 'Routed')?.message !== routed?.message;
  if (routed?.reason === 'SubnetOverlap' && isNews) {
    return { regarding, type: 'Warning', reason: 'SubnetRefused', action: 'Route', note: routed.message };
  }
  if (after.phase === 'Suspended' && before?.phase !== 'Suspended') {
    const note = 'Cut off, as spec.suspended asks. It keeps its address and keys.';
    return { regarding, type: 'Normal', reason: 'RouterSuspended', action: 'Suspend', note };
  }
  if (before?.phase === 'Suspended' && after.phase === 'AwaitingConnection') {
    const note = 'May connect again, with the same address and keys.';
    return { regarding, type: 'Normal', reason: 'RouterResumed', action: 'Resume', note };
  }
  return undefined;
}
