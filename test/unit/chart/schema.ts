import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CHART = join(import.meta.dirname, '..', '..', '..', 'charts', 'tenant-tunnel-operator');

export interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: string[];
  [keyword: string]: unknown;
}

export const schema: Schema & { definitions: Record<string, Schema> } = JSON.parse(
  readFileSync(join(CHART, 'values.schema.json'), 'utf8'),
);

export const resolved = (one: Schema): Schema =>
  one.$ref === undefined ? one : (schema.definitions[one.$ref.replace('#/definitions/', '')] ?? {});

export const propertiesOf = (one: Schema): [string, Schema][] =>
  Object.entries(resolved(one).properties ?? {});

/** Every object of the schema, by where it is: `.networkPolicy.metricsFrom[].podSelector`. */
export function objectsIn(one: Schema = schema, path = ''): [string, Schema][] {
  const own = resolved(one);
  const inner = [
    ...propertiesOf(own).map(([name, property]) => [`${path}.${name}`, property] as const),
    ...(own.items === undefined ? [] : [[`${path}[]`, own.items] as const]),
  ];
  const below = inner.flatMap(([at, property]) => objectsIn(property, at));
  return own.type === 'object' ? [[path, own], ...below] : below;
}
