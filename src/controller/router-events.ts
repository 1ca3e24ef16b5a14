import type { AddressEntry } from '../allocation/index.ts';
import type { EventReason, Router, RouterStatus } from '../api/index.ts';
import { type EventInput, findCondition, refOf } from '../kube/index.ts';
import { digestOf } from './router-script.ts';
import type { RouterOutcome } from './router-status.ts';

const isUsedNow = (
  before: RouterStatus | undefined,
  { access }: AddressEntry,
  after: RouterStatus,
): boolean =>
  access?.used !== undefined &&
  after.script !== undefined &&
  before?.script !== undefined &&
  before.script !== digestOf(after.script);

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
  if (outcome.kind === 'granted' && outcome.isRenewed) {
    const note =
      'There is a fresh script in status.script, as spec.script.renew asks. Whatever was set up with the one before has no access any more.';
    return { regarding, type: 'Normal', reason: 'ScriptRenewed', action: 'Renew', note };
  }
  if (outcome.kind === 'granted' && isUsedNow(before, outcome.claim.entry, after)) {
    const note =
      'The script was used: the router has a password now that was never shown, and the one of the script opens nothing any more.';
    return { regarding, type: 'Normal', reason: 'ScriptUsed', action: 'Rotate', note };
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
