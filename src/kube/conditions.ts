/** metav1.Condition. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  /** UpperCamelCase. */
  reason: string;
  /** For people: what is so, and what to do about it. */
  message: string;
  /** The generation that the condition is about. */
  observedGeneration?: number;
  /** RFC 3339, seconds. */
  lastTransitionTime: string;
}

/**
 * A copy of the list with this condition in it, in its old place. lastTransitionTime stays when the status does;
 * else it is `now` (ms since 1970), cut to seconds as metav1.Time is.
 */
export function setCondition(
  list: readonly Condition[] | undefined,
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: number,
): Condition[] {
  const before = findCondition(list, condition.type);
  const lastTransitionTime =
    before?.status === condition.status
      ? before.lastTransitionTime
      : new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  const after = { ...condition, lastTransitionTime };
  if (before === undefined) return [...(list ?? []), after];
  return (list ?? []).map((item) => (item === before ? after : item));
}

export function findCondition(list: readonly Condition[] | undefined, type: string): Condition | undefined {
  return list?.find((condition) => condition.type === type);
}

export function isTrue(list: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(list, type)?.status === 'True';
}
