import type { Infer, InferWritten, OpenApi, Schema } from './schema.ts';

/**
 * What the API server stores for a value: absent properties that have a default get it, at every depth
 * (apiextensions-apiserver pkg/apiserver/schema/defaulting). The value itself stays as it is.
 */
export function withDefaults<S extends Schema>(schema: S, written: InferWritten<S>): Infer<S> {
  return fill(schema.openapi, written) as Infer<S>;
}

function fill(openapi: OpenApi, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = openapi;
    return items ? value.map((item) => fill(items, item)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const filled: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(openapi.properties ?? {})) {
    const current = filled[name] ?? structuredClone(property.default);
    if (current !== undefined) filled[name] = fill(property, current);
  }
  return filled;
}
