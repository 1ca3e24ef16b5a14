import { formatClock } from '../values/duration.ts';
import type { Statement } from './ast.ts';

/**
 * A value of the RouterOS language. Text holds one byte a character, as RouterOS does: `:len "é"` is 2.
 */
export type Value =
  | { type: 'nil' }
  | { type: 'str' | 'ip' | 'ip6' | 'ip-prefix' | 'ip6-prefix' | 'id'; text: string }
  | { type: 'num'; number: number }
  | { type: 'bool'; truth: boolean }
  | { type: 'time'; milliseconds: number }
  | { type: 'array'; items: Item[] }
  /** A function, or what `:parse` returned; `fault` is what running it says (7.23: parse itself never throws). */
  | { type: 'code'; body: readonly Statement[]; fault?: string };

/** Keyed items come after the others, by name. */
export interface Item {
  key?: string;
  value: Value;
}

export const NIL: Value = { type: 'nil' };
export const str = (text: string): Value => ({ type: 'str', text });
export const num = (number: number): Value => ({ type: 'num', number });
export const bool = (truth: boolean): Value => ({ type: 'bool', truth });
export const list = (values: readonly Value[]): Value => ({
  type: 'array',
  items: values.map((value) => ({ value })),
});

/** An array whose keyed items stand in alphabetical order behind those without a key. */
export function array(items: readonly Item[]): Value {
  const plain = items.filter(({ key }) => key === undefined);
  const keyed = new Map(items.flatMap((item) => (item.key === undefined ? [] : [[item.key, item] as const])));
  const sorted = [...keyed].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, item]) => item);
  return { type: 'array', items: [...plain, ...sorted] };
}

/** What `:tostr`, `.` and `:put` make of a value. */
export function toText(value: Value): string {
  switch (value.type) {
    case 'nil':
      return '';
    case 'num':
      return String(value.number);
    case 'bool':
      return String(value.truth);
    case 'time':
      return formatClock(value.milliseconds);
    case 'array':
      return value.items
        .map(({ key, value: item }) => (key === undefined ? toText(item) : `${key}=${toText(item)}`))
        .join(';');
    case 'code':
      return value.fault ?? '(code)';
    default:
      return value.text;
  }
}

export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
/** Bytes that are not UTF-8 come out as replacement characters. */
export const fromBytes = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
