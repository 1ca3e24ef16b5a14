import type { Applied, CallOptions, DeepPartial, KubeApi } from './api.ts';
import { type Condition, findCondition } from './conditions.ts';
import { jsonEquals, record } from './json.ts';
import type { KubeObject, ResourceType } from './object.ts';

/** All that one field manager has ever written to a status: what it omits of this, it takes back. */
export interface OwnedStatus {
  /** Top-level fields of the status other than `conditions`, each owned whole. */
  fields: readonly string[];
  /** Types of conditions. */
  conditions: readonly string[];
}

export interface ApplyStatusOptions extends CallOptions {
  fieldManager: string;
  owned: OwnedStatus;
}

/**
 * Whether the object's status already is what applying `desired` would make of the manager's own part: equal where
 * `desired` says something, absent where it is silent about an owned field. Fields of others do not count.
 * managedFields need not be there.
 */
export function statusEquals(current: unknown, desired: object, owned: OwnedStatus): boolean {
  const now = record(current) ?? {};
  const then = record(desired) ?? {};
  const fields = new Set([...owned.fields, ...Object.keys(then)]);
  fields.delete('conditions');
  for (const field of fields) if (!jsonEquals(now[field], then[field])) return false;
  const conditionsNow = conditionsOf(now);
  const conditionsThen = conditionsOf(then);
  const types = new Set([...owned.conditions, ...conditionsThen.map(({ type }) => type)]);
  for (const type of types) {
    if (!jsonEquals(findCondition(conditionsNow, type), findCondition(conditionsThen, type))) return false;
  }
  return true;
}

/**
 * Applies a manager's part of a status (server-side, forced) unless the object has it already. The write is bound to
 * the version that it was decided on (NotFound, Conflict), and so to this very object: of the metadata that a write of
 * a status sends the server looks at nothing else, so that a uid would not keep it from the next object of the name.
 * Whoever is refused has a cache that is behind, and hears from it. Resolves with the metadata that the server replied, or undefined
 * when nothing was to be written.
 */
export async function applyStatusIfChanged<T extends KubeObject & { status?: object }>(
  client: Pick<KubeApi, 'applyStatus'>,
  type: ResourceType<T>,
  current: T,
  desired: DeepPartial<NonNullable<T['status']>>,
  options: ApplyStatusOptions,
): Promise<KubeObject | undefined> {
  const { owned, ...call } = options;
  if (statusEquals(current.status, desired as object, owned)) return undefined;
  const { name, namespace, resourceVersion } = current.metadata;
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return client.applyStatus(type, { metadata, status: desired } as unknown as Applied<T>, {
    ...call,
    resourceVersion,
  });
}

function conditionsOf(status: Record<string, unknown>): Condition[] {
  return Array.isArray(status.conditions) ? status.conditions : [];
}
