import { type ClassUse, isLive, type Pool6, type TunnelEntry } from '../allocation/index.ts';
import type { Condition, ConditionType, TunnelClass, TunnelClassStatus } from '../api/index.ts';
import { type OwnedStatus, setCondition } from '../kube/index.ts';
import { capacityStatus, pool6Of, poolsOf, sharesSubnets, useOf } from './class-capacity.ts';
import type { ClusterRanges } from './cluster-ranges.ts';
import { poolOverlap } from './pool-overlap.ts';
import { classPressure, type Verdict } from './pool-pressure.ts';
import { withOverlap6 } from './pool6-overlap.ts';

export const OWNED_CLASS_STATUS: OwnedStatus = {
  fields: ['observedGeneration', 'tunnels', 'free', 'pools', 'ports', 'outside'],
  conditions: ['Ready', 'PoolPressure', 'PoolOverlap'],
};

/** What a class is judged by. */
export interface Surroundings {
  /** All of the ledger. */
  tunnels: Iterable<TunnelEntry>;
  /** All classes, this one too. */
  classes: readonly TunnelClass[];
  cluster: ClusterRanges;
  /** Of IPv6. */
  cluster6?: readonly Pool6[];
}

/** What the controller writes into a TunnelClass's status. */
export function planClassStatus(
  tunnelClass: TunnelClass,
  { tunnels, classes, cluster, cluster6 = [] }: Surroundings,
  now: number,
): TunnelClassStatus {
  const observedGeneration = tunnelClass.metadata.generation;
  const { name } = tunnelClass.metadata;
  const all = [...tunnels];
  const live = all.filter((entry) => isLive(entry) && entry.className === name).length;
  const others = classes.filter(({ metadata }) => metadata.name !== name);
  const conditions = (verdicts: Partial<Record<ConditionType, Verdict>>): Condition[] =>
    Object.entries(verdicts)
      .reduce<Condition[]>(
        (list, [type, verdict]) => setCondition(list, { type, ...verdict, observedGeneration }, now),
        tunnelClass.status?.conditions ?? [],
      )
      .filter(({ type }) => OWNED_CLASS_STATUS.conditions.includes(type));
  const read = poolsOf(tunnelClass);
  if ('problem' in read) {
    const unusable = { reason: 'InvalidPool', message: read.problem } as const;
    const unknown = { status: 'Unknown', ...unusable } as const;
    return {
      observedGeneration,
      tunnels: live,
      free: 0,
      conditions: conditions({
        Ready: { status: 'False', ...unusable },
        PoolPressure: unknown,
        PoolOverlap: unknown,
      }),
    };
  }
  const byName = new Map(classes.map((one) => [one.metadata.name, one]));
  const use = useOf(tunnelClass, read.pools, all, (one) => byName.get(one));
  const overlap = poolOverlap(tunnelClass, read.pools, others, cluster);
  return {
    observedGeneration,
    tunnels: live,
    ...capacityStatus(tunnelClass, use),
    conditions: conditions({
      Ready: readiness(use, pool6Of(tunnelClass).problem),
      PoolPressure: classPressure(use, sharesSubnets(tunnelClass)),
      PoolOverlap: withOverlap6(overlap, tunnelClass, cluster6),
    }),
  };
}

function readiness({ pools, outside }: ClassUse, problem6: string | undefined): Verdict {
  if (pools.every(({ subnets }) => subnets === 0)) {
    return {
      status: 'False',
      reason: 'InvalidPool',
      message:
        'Every subnet of the pools is excluded; take a network out of spec.exclude, or add a pool to spec.pools.',
    };
  }
  if (problem6 !== undefined) {
    const message = `spec.ipv6.pool: ${problem6} Until then tunnels are made without IPv6.`;
    return { status: 'False', reason: 'InvalidPool', message };
  }
  const elsewhere =
    outside === 0
      ? ''
      : ` ${outside} of its tunnels ${outside === 1 ? 'has a subnet' : 'have subnets'} outside of its pools, and ${outside === 1 ? 'keeps it' : 'keep them'}.`;
  return { status: 'True', reason: 'Accepted', message: `Tunnels can be made from this class.${elsewhere}` };
}
