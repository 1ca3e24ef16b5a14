/** Decides what this agent says of a TenantTunnel. */
import { isDeepStrictEqual } from 'node:util';
import type { TenantTunnel, TenantTunnelStatus } from '../api/index.ts';
import { type Condition, findCondition, type OwnedStatus, setCondition } from '../kube/index.ts';
import type { CourseReport } from './endpoint/course.ts';
import { endpointVerdict } from './endpoint/saying.ts';
import type { Problem } from './problem.ts';
import { rfc3339 } from './router-write.ts';
import type { Verdict } from './services/verdict.ts';

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
  /** What is to be said of its services: null where there are none, `unknown`: what was said before. */
  services: Verdict | null | 'unknown';
  /** How far its routers are on their way to another endpoint: null where they are on none, `unknown`: as it was. */
  endpoint: CourseReport | null | 'unknown';
  wall: number;
}

export const TUNNEL_OWNED: OwnedStatus = {
  fields: ['routers', 'lastHandshakeTime', 'endpointChange'],
  conditions: ['Programmed', 'ServicesReady', 'EndpointFollowed'],
};

/** This manager's part of the status; undefined when it is there already. Times change only together with counts. */
export function tunnelStatus(report: TunnelReport): TenantTunnelStatus | undefined {
  const { object, counts, lastHandshake, wall } = report;
  const before: TenantTunnelStatus = object.status ?? {};
  const known = [
    findCondition(before.conditions, 'Programmed'),
    findCondition(before.conditions, 'ServicesReady'),
    findCondition(before.conditions, 'EndpointFollowed'),
  ];
  const said = [
    programmedCondition(report, known[0]),
    servicesCondition(report, known[1]),
    endpointCondition(report, known[2]),
  ];
  const endpointChange = endpointChangeOf(report);
  const sameCounts =
    before.routers?.total === counts.total &&
    before.routers.connected === counts.connected &&
    before.routers.online === counts.online;
  const sameChange = isDeepStrictEqual(endpointChange, before.endpointChange);
  if (sameCounts && sameChange && said.every((condition, index) => isSame(known[index], condition)))
    return undefined;
  const time = lastHandshake > 0 ? rfc3339(Math.min(lastHandshake * 1000, wall)) : before.lastHandshakeTime;
  const conditions = said.reduce<Condition[]>(
    (list, condition) => (condition === undefined ? list : setCondition(list, condition, wall)),
    known.filter((condition, index) => condition !== undefined && said[index] !== undefined) as Condition[],
  );
  return {
    routers: counts,
    ...(endpointChange !== undefined && { endpointChange }),
    ...(time !== undefined && { lastHandshakeTime: time }),
    conditions,
  };
}

type Said = Omit<Condition, 'lastTransitionTime'>;

const isSame = (known: Condition | undefined, said: Said | undefined): boolean =>
  known?.status === said?.status &&
  known?.reason === said?.reason &&
  known?.message === said?.message &&
  known?.observedGeneration === said?.observedGeneration;

function servicesCondition(
  { services, object }: TunnelReport,
  known: Condition | undefined,
): Said | undefined {
  if (services === 'unknown') return known;
  if (services === null) return undefined;
  return { type: 'ServicesReady', ...services, observedGeneration: object.metadata.generation };
}

const endpointChangeOf = ({ endpoint, object }: TunnelReport): TenantTunnelStatus['endpointChange'] =>
  endpoint === 'unknown' ? object.status?.endpointChange : endpoint?.change;

/** That all are there stays said. */
function endpointCondition(
  { endpoint, object }: TunnelReport,
  known: Condition | undefined,
): Said | undefined {
  if (endpoint === 'unknown' || endpoint === null) return known;
  const verdict = endpointVerdict(endpoint);
  const observedGeneration = object.metadata.generation;
  return { type: 'EndpointFollowed', ...verdict, observedGeneration };
}

function programmedCondition(
  { programmed, nodeName, object }: TunnelReport,
  known: Condition | undefined,
): Said | undefined {
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
