/** The part of an OpenAPI v3 schema that names fields. */
interface Fields {
  properties?: Record<string, Fields>;
  items?: Fields;
  additionalProperties?: Fields | boolean;
}

/** Deeper than any schema of ours; a hostile or broken one ends here. */
const MAX_DEPTH = 32;

/** What is an object's own: the rest the API server describes in its own way. */
const PARTS = ['spec', 'status'] as const;

/** Paths of all fields that a kind's schema names, e.g. `spec.pools[].cidr`. What is not a schema names none. */
export function fieldsOf(schema: unknown): Set<string> {
  const found = new Set<string>();
  const walk = (node: unknown, path: string, depth: number): void => {
    if (typeof node !== 'object' || node === null || depth > MAX_DEPTH) return;
    const { properties = {}, items, additionalProperties } = node as Fields;
    for (const [name, child] of Object.entries(properties)) {
      const here = `${path}.${name}`;
      found.add(here);
      walk(child, here, depth + 1);
    }
    walk(items, `${path}[]`, depth + 1);
    walk(additionalProperties, `${path}.*`, depth + 1);
  };
  const { properties: parts = {} } = (schema ?? {}) as Fields;
  for (const part of PARTS) {
    if (parts[part] === undefined) continue;
    found.add(part);
    walk(parts[part], part, 0);
  }
  return found;
}

/** Those of `wanted` that `there` lacks; of a field that is lacking whole, not what is inside it. */
export function missingFields(wanted: ReadonlySet<string>, there: ReadonlySet<string>): string[] {
  const missing = [...wanted].filter((path) => !there.has(path));
  const isInside = (path: string, outer: string): boolean =>
    path.startsWith(outer) && /^[.[]/.test(path.slice(outer.length));
  return missing.filter((path) => !missing.some((outer) => isInside(path, outer)));
}
