/** What a TenantTunnel says of its routers' way to another endpoint. */
import type { ConditionReason } from '../../api/index.ts';
import type { Condition } from '../../kube/index.ts';
import type { CourseReport } from './course.ts';

export type EndpointVerdict = Pick<Condition, 'status' | 'message'> & { reason: ConditionReason };

/** Condition EndpointFollowed. */
export function endpointVerdict({ change, isProven, why, refusal }: CourseReport): EndpointVerdict {
  const { to, changed, pending, failed } = change;
  const left = pending + failed;
  if (left === 0) {
    const message = `All routers of the tunnel that were set up connect to ${to}.`;
    return { status: 'True', reason: 'Followed', message };
  }
  if (why !== undefined && !isProven) {
    const message = `${why} No other router is changed until one has got to ${to}; it is tried again. Keep the endpoint before working.`;
    return { status: 'False', reason: 'EndpointChangeFailed', message };
  }
  const message = `${changed} routers have the endpoint ${to}, ${left} have yet to be brought there. Keep the endpoint before working until then; those of status.endpointChange.names that do not come Online need a script again.${refusal === undefined ? '' : ` ${refusal} It is tried again, more and more seldom.`}`;
  return { status: 'False', reason: 'EndpointChanging', message };
}
