/** Decides what this agent says of a TenantTunnel. */
import type { TenantTunnel, TenantTunnelStatus } from '../api/index.ts';
import { type Condition, findCondition, type OwnedStatus, setCondition } from '../kube/index.ts';
import type { Problem } from './problem.ts';
import { rfc3339 } from './router-write.ts';

export interface TunnelReport {
  object: TenantTunnel;
  nodeName: string;
  counts: { total: number; connected: number; online: number };
  /** Latest handshake of any router, Unix seconds; 0 before the first. */
  lastHandshake: number;
  /**
   * `set`: the interface is as it should be. A problem: it is not, and has not been for long enough to say so.
   * `unknown`: say what was said before.
   */
  programmed: 'set' | 'unknown' | Problem;
  wall: number;
}

export const TUNNEL_OWNED: OwnedStatus = {
  fields: ['routers', 'lastHandshakeTime'],
  conditions: ['Programmed'],
};

/** This manager's part of the status; undefined when it is there already. Times change only together with counts. */
export function tunnelStatus(report: TunnelReport): TenantTunnelStatus | undefined {
  const { object, counts, lastHandshake, wall } = report;
  const before: TenantTunnelStatus = object.status ?? {};
  const known = findCondition(before.conditions, 'Programmed');
  const said = programmedCondition(report, known);
  const sameCounts =
    before.routers?.total === counts.total &&
    before.routers.connected === counts.connected &&
    before.routers.online === counts.online;
  const sameCondition =
    known?.status === said?.status &&
    known?.reason === said?.reason &&
    known?.message === said?.message &&
    known?.observedGeneration === said?.observedGeneration;
  if (sameCounts && sameCondition) return undefined;
  const time = lastHandshake > 0 ? rfc3339(Math.min(lastHandshake * 1000, wall)) : before.lastHandshakeTime;
  const conditions: Condition[] = known === undefined ? [] : [known];
  return {
    routers: counts,
    ...(time !== undefined && { lastHandshakeTime: time }),
    conditions: said === undefined ? conditions : setCondition(conditions, said, wall),
  };
}

function programmedCondition(
  { programmed, nodeName, object }: TunnelReport,
  known: Condition | undefined,
): Omit<Condition, 'lastTransitionTime'> | undefined {
  if (programmed === 'unknown') return known;
  const observedGeneration = object.metadata.generation;
  if (programmed !== 'set') {
    return { type: 'Programmed', status: 'False', observedGeneration, ...programmed };
  }
  return {
    type: 'Programmed',
    status: 'True',
    reason: 'Programmed',
    message: `Node ${nodeName} carries the tunnel.`,
    observedGeneration,
  };
}
