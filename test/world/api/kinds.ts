/** What an API server knows of the kinds of our CRDs: defaults, and the rules that stand between two versions. */

import { KINDS } from '../../../src/api/index.ts';
import { withDefaults } from '../../../src/api/schema/defaults.ts';
import type { ResourceType } from '../../../src/kube/index.ts';
import { equal } from './json.ts';

export interface CustomObject {
  metadata: { name: string; namespace?: string };
  spec: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const CUSTOM = new Map(KINDS.map((kind) => [kind.resource.plural, kind]));

export const isCustom = ({ plural }: ResourceType): boolean => CUSTOM.has(plural);

export function defaulted<T extends object>(type: ResourceType, object: T): T {
  const kind = CUSTOM.get(type.plural);
  if (kind === undefined) return object;
  const { spec, status } = object as Partial<CustomObject>;
  return {
    ...object,
    spec: withDefaults(kind.spec, (spec ?? {}) as never),
    status: status ?? { observedGeneration: -1 },
  };
}

/** Why a change of a spec is refused, as the CEL rules of the CRD refuse it; see src/api/v1alpha1. */
export function refusedChange(type: ResourceType, before: object, after: object): string | undefined {
  const [old, now] = [before as CustomObject, after as CustomObject];
  const changed = (field: string) => !equal(old.spec[field], now.spec[field]);
  const frozen = (field: string, given: string) => {
    const was = old.status?.[given];
    return was !== undefined && changed(field) && now.spec[field] !== was
      ? `spec.${field}: never changes once it was given`
      : undefined;
  };
  switch (type.plural) {
    case 'routers':
      if (changed('tenant') || changed('tunnelRef')) return 'spec: a Router cannot move to another tunnel';
      return frozen('address', 'address');
    case 'tenanttunnels':
      if (changed('tenant')) return 'spec.tenant: the tenant of a tunnel never changes';
      return frozen('subnet', 'subnet') ?? frozen('listenPort', 'listenPort');
    default:
      return undefined;
  }
}

const CONDITION_FIELDS = ['type', 'status', 'reason', 'message', 'lastTransitionTime'];

/** Why a status is refused by the schema: a condition of which server-side apply has left only parts. */
export function refusedStatus(status: Record<string, unknown> | undefined): string | undefined {
  for (const condition of (status?.conditions ?? []) as Record<string, unknown>[]) {
    const missing = CONDITION_FIELDS.find((field) => condition[field] === undefined);
    if (missing !== undefined) return `status.conditions[${condition.type}].${missing}: Required value`;
  }
  return undefined;
}
