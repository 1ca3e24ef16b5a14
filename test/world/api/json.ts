/** A deep copy of a JSON value, as going over the wire makes one: members that are undefined are not there. */
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  const result: Record<string, unknown> = {};
  for (const name in value) if (value[name] !== undefined) result[name] = copy(value[name]);
  return result as T;
}

/** Whether two JSON values are equal, whatever the order of their members. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  let names = 0;
  for (const name in left) {
    if (left[name] === undefined) continue;
    if (!equal(left[name], right[name])) return false;
    names++;
  }
  for (const name in right) if (right[name] !== undefined) names--;
  return names === 0;
}
