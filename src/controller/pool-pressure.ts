import { type AddressUse, type ClassUse, nearlyAll, type Pressure, pressureOf } from '../allocation/index.ts';
import type { Condition } from '../api/index.ts';

export type Verdict = Pick<Condition, 'status' | 'reason' | 'message'>;

/** As a condition of which True is bad, like a Node's MemoryPressure. */
const pressing = (pressure: Pressure): Pick<Verdict, 'status' | 'reason'> => {
  switch (pressure) {
    case 'Enough':
      return { status: 'False', reason: 'Enough' };
    case 'NearlyExhausted':
      return { status: 'True', reason: 'NearlyExhausted' };
    case 'Exhausted':
      return { status: 'True', reason: 'Exhausted' };
  }
};

/** How much of a class's subnets and ports is taken, and what to do about it. */
export function classPressure({ pools, ports }: ClassUse, shared: boolean): Verdict {
  const total = pools.reduce((sum, { subnets }) => sum + subnets, 0);
  const free = pools.reduce((sum, pool) => sum + pool.free, 0);
  // A subnet that all share is never used up, unless other classes have taken every one.
  const ofSubnets = shared && free > 0 ? 'Enough' : pressureOf(total, free);
  const ofPorts = pressureOf(ports.total, ports.free);
  const pressure = worse(ofSubnets, ofPorts);
  const figures = `${subnetFigures(total, free, shared)}${ports.total - ports.free} of ${ports.total} ports are taken`;
  const remedies = [
    ...(ofSubnets === 'Enough' ? [] : ['add a pool to spec.pools']),
    ...(ofPorts === 'Enough' ? [] : ['widen spec.ports']),
  ].join(' and ');
  const message = {
    Enough: `${figures}.`,
    NearlyExhausted: `${figures}: ${remedies} before the rest is taken, too.`,
    Exhausted: `${figures}, so new tunnels wait: ${remedies}, or delete tunnels that are no longer needed.`,
  }[pressure];
  return { ...pressing(pressure), message };
}

/** The beginning of a sentence that goes on with the ports. */
function subnetFigures(total: number, free: number, shared: boolean): string {
  if (total === 0) return 'All subnets are excluded, and ';
  if (!shared) return `${total - free} of ${total} subnets and `;
  return free > 0 ? 'Tunnels share their subnet; ' : 'Tunnels of other classes have all subnets, and ';
}

const RANK: Readonly<Record<string, number>> = { Enough: 0, NearlyExhausted: 1, Exhausted: 2 };

const rankOf = (reason = ''): number => RANK[reason] ?? 0;

const worse = (a: Pressure, b: Pressure): Pressure => (rankOf(a) > rankOf(b) ? a : b);

/**
 * How much of a tunnel's addresses is taken. The sentence is the same for as long as the verdict is, so that a
 * thousand routers that come cost at most two writes for it.
 */
export function addressPressure(subnet: string, { total, taken }: AddressUse): Verdict {
  const pressure = pressureOf(total, total - taken);
  const all = `${total} addresses for routers in ${subnet}`;
  const remedy = 'delete Routers that are gone for good, or make a second tenant for further routers';
  const message = {
    Enough: `Less than ${nearlyAll(total)} of the ${all} are taken.`,
    NearlyExhausted: `${nearlyAll(total)} or more of the ${all} are in use or in quarantine: ${remedy} before the rest is taken, too.`,
    Exhausted: `All ${all} are in use or in quarantine, so new Routers wait: ${remedy}.`,
  }[pressure];
  return { ...pressing(pressure), message };
}

/** Whether the condition is worse than the one that stood there before: that is told once. */
export const hasRisen = (before: Condition | undefined, after: Condition | undefined): boolean =>
  rankOf(after?.reason) > rankOf(before?.reason);
