import { AllocationError, parsePools } from '../allocation/index.ts';
import type { Condition, TunnelClass, TunnelClassStatus } from '../api/index.ts';
import { setCondition } from '../kube/index.ts';

export const OWNED_CLASS_STATUS = {
  fields: ['observedGeneration', 'tunnels'],
  conditions: ['Ready'],
} as const;

/** What the controller writes into a TunnelClass's status. */
export function planClassStatus(tunnelClass: TunnelClass, tunnels: number, now: number): TunnelClassStatus {
  const observedGeneration = tunnelClass.metadata.generation;
  const conditions = setCondition(
    tunnelClass.status?.conditions ?? [],
    { type: 'Ready', ...verdict(tunnelClass), observedGeneration },
    now,
  ) as Condition[];
  return { observedGeneration, tunnels, conditions: conditions.filter(({ type }) => type === 'Ready') };
}

function verdict({ spec }: TunnelClass): Pick<Condition, 'status' | 'reason' | 'message'> {
  try {
    parsePools(spec.pools, spec.exclude);
    return { status: 'True', reason: 'Accepted', message: 'Tunnels can be made from this class.' };
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    return { status: 'False', reason: 'InvalidPool', message: error.message };
  }
}
