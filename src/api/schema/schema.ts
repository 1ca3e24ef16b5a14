/**
 * A schema is one value with two faces: the structural OpenAPI v3 schema that a CustomResourceDefinition carries, and
 * the TypeScript types inferred from it. {@link Infer} is an object as the API server returns it (defaults filled
 * in), {@link InferWritten} as a person may write it.
 */
export interface Schema<Read = unknown, Written = Read> {
  readonly openapi: OpenApi;
  /** Never set: carries the two types for inference. */
  readonly inferred?: { read: Read; written: Written };
}

/** A property that may be absent. */
export interface OptionalSchema<Read = unknown, Written = Read> extends Schema<Read, Written> {
  readonly presence: 'optional';
}

/** A property that may be left out when written; the API server fills it in, so that it is there when read. */
export interface DefaultedSchema<Read = unknown, Written = Read> extends Schema<Read, Written> {
  readonly presence: 'defaulted';
}

export type Infer<S> = S extends Schema<infer Read, unknown> ? Read : never;
export type InferWritten<S> = S extends Schema<unknown, infer Written> ? Written : never;

export type Properties = Readonly<Record<string, Schema>>;

type Flat<T> = { [K in keyof T]: T[K] };
type OptionalKeys<P, Presence> = {
  [K in keyof P]: P[K] extends { presence: Presence } ? K : never;
}[keyof P];

/** The object that these properties make, as read. */
export type ReadObject<P extends Properties> = Flat<
  { -readonly [K in Exclude<keyof P, OptionalKeys<P, 'optional'>>]: Infer<P[K]> } & {
    -readonly [K in OptionalKeys<P, 'optional'>]?: Infer<P[K]>;
  }
>;

/** The object that these properties make, as written. */
export type WrittenObject<P extends Properties> = Flat<
  { -readonly [K in Exclude<keyof P, OptionalKeys<P, 'optional' | 'defaulted'>>]: InferWritten<P[K]> } & {
    -readonly [K in OptionalKeys<P, 'optional' | 'defaulted'>]?: InferWritten<P[K]>;
  }
>;

/**
 * A CEL rule of `x-kubernetes-validations`. `message` is one sentence that says what to write instead;
 * `messageExpression` is CEL for the same with values in it (`message` stands in should it fail).
 */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  /** Which error the server makes of it: Forbidden and Required do not print the whole value. */
  readonly reason?:
    | 'FieldValueInvalid'
    | 'FieldValueForbidden'
    | 'FieldValueRequired'
    | 'FieldValueDuplicate';
  /** The field that the error names, relative to where the rule stands, e.g. `.tenant`. */
  readonly fieldPath?: string;
}

/** The part of OpenAPI v3 that a structural CRD schema may use and that we need. */
export interface OpenApi {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly format?: 'int32' | 'int64' | 'date-time';
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, OpenApi>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: OpenApi;
  readonly items?: OpenApi;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}
