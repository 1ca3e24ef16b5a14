import { withDefaults } from './defaults.ts';
import type {
  DefaultedSchema,
  Infer,
  InferWritten,
  OpenApi,
  OptionalSchema,
  Properties,
  ReadObject,
  Rule,
  Schema,
  WrittenObject,
} from './schema.ts';

interface Described {
  /** Shown by `kubectl explain` and in the reference: what it is, its unit, an example. */
  readonly description: string;
  readonly rules?: readonly Rule[];
}

/** Bounds are not optional: the server multiplies the cost of each CEL rule by the largest value it could meet. */
interface StringOptions extends Described {
  readonly minLength?: number;
  readonly maxLength: number;
  readonly pattern?: string;
}

interface IntegerOptions extends Described {
  readonly minimum: number;
  readonly maximum: number;
}

interface ListOptions extends Described {
  readonly minItems?: number;
  readonly maxItems: number;
}

interface MapOptions extends Described {
  readonly minProperties?: number;
  readonly maxProperties: number;
}

const described = ({ description, rules }: Described): OpenApi => ({
  description,
  ...(rules && rules.length > 0 && { 'x-kubernetes-validations': rules }),
});

const omitUndefined = (openapi: { [K in keyof OpenApi]: OpenApi[K] | undefined }): OpenApi =>
  Object.fromEntries(Object.entries(openapi).filter(([, value]) => value !== undefined)) as OpenApi;

function string(options: StringOptions): Schema<string> {
  const { minLength, maxLength, pattern } = options;
  return { openapi: omitUndefined({ type: 'string', ...described(options), minLength, maxLength, pattern }) };
}

/** One of a few words. */
function choice<const Word extends string>(words: readonly Word[], options: Described): Schema<Word> {
  return { openapi: { type: 'string', ...described(options), enum: words } };
}

/** RFC 3339 as the API server writes it, e.g. `2026-05-09T07:29:33Z`. */
function time(options: Described): Schema<string> {
  return { openapi: { type: 'string', format: 'date-time', ...described(options) } };
}

function integer(options: IntegerOptions): Schema<number> {
  const { minimum, maximum } = options;
  const format = minimum >= -(2 ** 31) && maximum < 2 ** 31 ? 'int32' : 'int64';
  return { openapi: { type: 'integer', format, ...described(options), minimum, maximum } };
}

function boolean(options: Described): Schema<boolean> {
  return { openapi: { type: 'boolean', ...described(options) } };
}

function object<P extends Properties>(
  properties: P,
  options: Described,
): Schema<ReadObject<P>, WrittenObject<P>> {
  const required = Object.keys(properties).filter((name) => !('presence' in (properties[name] as Schema)));
  return {
    openapi: {
      type: 'object',
      ...described(options),
      ...(required.length > 0 && { required }),
      properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, of.openapi])),
    },
  };
}

function array<S extends Schema>(
  items: S,
  options: ListOptions,
  listType: Pick<OpenApi, 'x-kubernetes-list-type' | 'x-kubernetes-list-map-keys'>,
): Schema<Infer<S>[], InferWritten<S>[]> {
  const { minItems, maxItems } = options;
  return {
    openapi: omitUndefined({
      type: 'array',
      ...described(options),
      minItems,
      maxItems,
      items: items.openapi,
      ...listType,
    }),
  };
}

/** An ordered list that one writer owns as a whole. */
const list = <S extends Schema>(items: S, options: ListOptions) =>
  array(items, options, { 'x-kubernetes-list-type': 'atomic' });

/** A list of different scalars, which server-side apply merges item by item. */
const set = <S extends Schema<string>>(items: S, options: ListOptions) =>
  array(items, options, { 'x-kubernetes-list-type': 'set' });

/** A list of objects told apart by the properties `keys`, which server-side apply merges item by item. */
const listMap = <S extends Schema>(items: S, keys: readonly string[], options: ListOptions) =>
  array(items, options, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });

/** String keys that the writer chooses. */
function map<S extends Schema>(
  values: S,
  options: MapOptions,
): Schema<Record<string, Infer<S>>, Record<string, InferWritten<S>>> {
  const { minProperties, maxProperties } = options;
  return {
    openapi: omitUndefined({
      type: 'object',
      ...described(options),
      minProperties,
      maxProperties,
      additionalProperties: values.openapi,
    }),
  };
}

const optional = <S extends Schema>(of: S): OptionalSchema<Infer<S>, InferWritten<S>> => ({
  openapi: of.openapi,
  presence: 'optional',
});

/**
 * What the API server fills in where the property is absent. Defaults of properties below it are written out, since
 * the server holds a default to its rules before it fills those in.
 */
const withDefault = <S extends Schema>(
  of: S,
  value: InferWritten<S>,
): DefaultedSchema<Infer<S>, InferWritten<S>> => ({
  openapi: { ...of.openapi, default: withDefaults(of, value) },
  presence: 'defaulted',
});

/** Builds the schemas of our kinds; see schema.ts for what a schema is. */
export const s = {
  string,
  choice,
  time,
  integer,
  boolean,
  object,
  list,
  set,
  listMap,
  map,
  optional,
  withDefault,
};
