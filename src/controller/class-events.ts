import type { EventReason, TunnelClass, TunnelClassStatus } from '../api/index.ts';
import { type EventInput, findCondition, refOf } from '../kube/index.ts';
import { hasRisen } from './pool-pressure.ts';

/** That a class's subnets or ports come to their end, once at each step; `tunnelClass` is as it was before. */
export function classEvent(
  tunnelClass: TunnelClass,
  after: TunnelClassStatus,
): (EventInput & { reason: EventReason }) | undefined {
  const condition = findCondition(after.conditions, 'PoolPressure');
  const before = findCondition(tunnelClass.status?.conditions, 'PoolPressure');
  if (condition === undefined || !hasRisen(before, condition)) return undefined;
  const reason = condition.reason === 'Exhausted' ? 'PoolExhausted' : 'PoolNearlyExhausted';
  return {
    regarding: refOf(tunnelClass),
    type: 'Warning',
    reason,
    action: 'Allocate',
    note: condition.message,
  };
}
