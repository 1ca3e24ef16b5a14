import type { Context, Menu, Property, Values } from '../configuration/definition.ts';
import { runCommand } from '../configuration/dispatch.ts';
import { entriesOf, readable, readRow } from '../configuration/read.ts';
import { selectEntries } from '../configuration/select.ts';
import { readLiteral } from '../language/literal.ts';
import { array, list, NIL, num, str, toBytes, type Value } from '../language/value.ts';
import { parseDuration } from '../values/duration.ts';

/** A property's text as the console's value of its type. */
export function typed(property: Property | undefined, text: string): Value {
  const bytes = toBytes(text);
  switch (property?.type.readAs) {
    case 'num':
      return /^\d+$/.test(text) ? num(Number(text)) : str(bytes);
    case 'bool':
      return { type: 'bool', truth: text === 'true' };
    case 'time':
      return { type: 'time', milliseconds: parseDuration(text) ?? 0 };
    case 'ip':
    case 'ip-prefix':
      return readLiteral(bytes);
    case 'array':
      return text === '' ? NIL : list(bytes.split(',').map(readLiteral));
    default:
      return str(bytes);
  }
}

/** A row's fields, those that are not set as nothing. */
function fieldsOf(menu: Menu, row: Values, context: Context): Map<string, Value> {
  const fields = new Map<string, Value>();
  for (const property of readable(menu, context)) {
    const text = row[property.name];
    fields.set(property.name, text === undefined ? NIL : typed(property, text));
  }
  const id = row['.id'];
  if (id !== undefined) fields.set('.id', { type: 'id', text: id });
  if (row.dynamic !== undefined) fields.set('dynamic', { type: 'bool', truth: row.dynamic === 'true' });
  return fields;
}

export const asArray = (menu: Menu, row: Values, context: Context): Value => {
  const fields = fieldsOf(menu, row, context);
  return array(
    [...fields].filter(([name]) => row[name] !== undefined).map(([key, value]) => ({ key, value })),
  );
};

/** The menu's rows (`from`: only these), each with its fields. */
export function rowsWithFields(menu: Menu, context: Context, from?: string) {
  const entries = from === undefined ? entriesOf(menu, context) : selectEntries(menu, from, context);
  return entries.map((entry) => {
    const row = readRow(menu, entry, context);
    return { row, fields: fieldsOf(menu, row, context) };
  });
}

/** How `print` looks to a person, one row a line; RouterOS's own columns are not imitated. */
export function rowText(row: Values, number: number | undefined): string {
  const { '.id': _id, dynamic, disabled, comment, ...rest } = row;
  if (number === undefined) {
    return Object.entries(row)
      .map(([name, value]) => `  ${name}: ${value}\n`)
      .join('');
  }
  const flags = `${disabled === 'true' ? 'X' : ''}${dynamic === 'true' ? 'D' : ''}`;
  const pairs = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  return `${comment === undefined ? '' : `;;; ${comment}\n`}${[number, flags, ...pairs].filter((part) => part !== '').join(' ')}\n`;
}

/**
 * Runs a command other than print and find; returns the value of `[…]`.
 * @throws {RouterOsTrap}
 */
export function runMenuCommand(
  menu: Menu,
  name: string,
  given: Values,
  context: Context,
  menus: ReadonlyMap<string, Menu>,
): Value {
  const outcome = runCommand(menu, name, { arguments: given, context }, [...menus.values()]);
  const [row] = outcome.rows ?? [];
  if (row) return asArray(menu, row, context);
  if (outcome.ret === undefined) return NIL;
  if (name === 'add') return { type: 'id', text: outcome.ret };
  const property = readable(menu, context).find((candidate) => candidate.name === given['value-name']);
  return property ? typed(property, outcome.ret) : readLiteral(toBytes(outcome.ret));
}
