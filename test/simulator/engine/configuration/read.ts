import { inSpan } from '../version.ts';
import type { Context, Menu, Property, Values } from './definition.ts';
import type { Entry } from './store.ts';

export const storeOf = (menu: Menu): string => menu.store ?? menu.path;

/** The menu's rows, in order. */
export function entriesOf(menu: Menu, context: Context): Entry[] {
  if (menu.kind === 'single') return [context.configuration.single(storeOf(menu))];
  if (menu.kind === 'directory') return [];
  const { filter } = menu;
  const all = context.configuration.entries(storeOf(menu));
  return filter ? all.filter((entry) => entry.values[filter.property] === filter.value) : all;
}

/** Whether `name` is read under that name in this version (7.24 reads `available-from`, not `address`). */
const isRead = (property: Property, context: Context): boolean =>
  inSpan(context.version, property) &&
  !(property.writesTo && inSpan(context.version, { since: property.writesTo.since }));

const readables = new WeakMap<Menu, Map<string, readonly Property[]>>();

/** Properties a row of this menu may show. They follow from menu and version, and each reading asks. */
export function readable(menu: Menu, context: Context): readonly Property[] {
  const versions = readables.get(menu) ?? new Map<string, readonly Property[]>();
  readables.set(menu, versions);
  const { text } = context.version;
  const found =
    versions.get(text) ??
    menu.properties.filter((property) => property.secret !== 'hidden' && isRead(property, context));
  versions.set(text, found);
  return found;
}

/** Properties that `add` or `set` takes. */
export function writable(menu: Menu, context: Pick<Context, 'version'>, command: 'add' | 'set'): Property[] {
  return menu.properties.filter(
    (property) =>
      !property.readOnly &&
      (property.only === undefined || property.only === command) &&
      inSpan(context.version, property),
  );
}

/** Whether rows carry the flag: `dynamic=no` matches nothing where they do not. */
export function showsDynamic(menu: Menu, context: Context): boolean {
  if (menu.kind !== 'rows' || menu.dynamicFlag === 'none') return false;
  return menu.dynamicFlag === undefined || inSpan(context.version, menu.dynamicFlag);
}

/**
 * A row as the asker may see it: `.id` first, properties that are set or have a default, what the menu computes,
 * `dynamic`. Secrets read `*****` without the policy `sensitive` (ansible community.routeros#143).
 */
export function readRow(menu: Menu, entry: Entry, context: Context): Values {
  const row: Values = menu.kind === 'rows' ? { '.id': entry.id } : {};
  const live = { ...menu.rules?.computed?.(entry, context), ...entry.runtime };
  for (const property of readable(menu, context)) {
    const value = property.readOnly
      ? (live[property.name] ?? entry.values[property.name] ?? property.default)
      : (entry.values[property.name] ?? property.default);
    if (value === undefined) continue;
    const masked = property.secret === 'masked' && value !== '' && !context.policies.has('sensitive');
    row[property.name] = masked ? '*****' : value;
  }
  if (showsDynamic(menu, context)) row.dynamic = String(entry.dynamic);
  return row;
}
