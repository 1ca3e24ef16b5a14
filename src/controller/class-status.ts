import { type ClassUse, isLive, type TunnelEntry } from '../allocation/index.ts';
import type { Condition, ConditionType, TunnelClass, TunnelClassStatus } from '../api/index.ts';
import { type OwnedStatus, setCondition } from '../kube/index.ts';
import { capacityStatus, poolsOf, sharesSubnets, useOf } from './class-capacity.ts';
import type { ClusterRanges } from './cluster-ranges.ts';
import { poolOverlap } from './pool-overlap.ts';
import { classPressure, type Verdict } from './pool-pressure.ts';

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
}

/** What the controller writes into a TunnelClass's status. */
export function planClassStatus(
  tunnelClass: TunnelClass,
  { tunnels, classes, cluster }: Surroundings,
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
  return {
    observedGeneration,
    tunnels: live,
    ...capacityStatus(tunnelClass, use),
    conditions: conditions({
      Ready: readiness(use),
      PoolPressure: classPressure(use, sharesSubnets(tunnelClass)),
      PoolOverlap: poolOverlap(tunnelClass, read.pools, others, cluster),
    }),
  };
}

function readiness({ pools, outside }: ClassUse): Verdict {
  if (pools.every(({ subnets }) => subnets === 0)) {
    return {
      status: 'False',
      reason: 'InvalidPool',
      message:
        'Every subnet of the pools is excluded; take a network out of spec.exclude, or add a pool to spec.pools.',
    };
  }
  const elsewhere =
    outside === 0
      ? ''
      : ` ${outside} of its tunnels ${outside === 1 ? 'has a subnet' : 'have subnets'} outside of its pools, and ${outside === 1 ? 'keeps it' : 'keep them'}.`;
  return { status: 'True', reason: 'Accepted', message: `Tunnels can be made from this class.${elsewhere}` };
}
