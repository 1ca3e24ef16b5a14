import type { Context, Menu, Values } from './configuration/definition.ts';
import { entriesOf, writable } from './configuration/read.ts';
import { LOG } from './menus/log.ts';
import type { Snapshot } from './types.ts';

/**
 * All that was configured, as a value to compare: static rows, writable properties with their defaults, secrets in
 * clear; rows in order where order means something, else sorted.
 */
export function takeSnapshot(menus: ReadonlyMap<string, Menu>, context: Context): Snapshot {
  const snapshot: Record<string, Values[]> = {};
  for (const menu of menus.values()) {
    if (menu.kind === 'directory' || menu.path === LOG) continue;
    const properties = menu.properties.filter(({ readOnly, name }) => !readOnly || name === 'name');
    const known = new Set([...writable(menu, context, 'set'), ...properties].map(({ name }) => name));
    const rows = entriesOf(menu, context)
      .filter((entry) => !entry.dynamic)
      .map((entry) => {
        const row: Values = {};
        for (const { name, default: otherwise } of [...properties].sort((a, b) =>
          a.name < b.name ? -1 : 1,
        )) {
          const value = entry.values[name] ?? otherwise;
          if (value !== undefined && known.has(name)) row[name] = value;
        }
        return row;
      });
    const text = (row: Values) => JSON.stringify(row);
    snapshot[menu.path] = menu.ordered ? rows : rows.sort((a, b) => (text(a) < text(b) ? -1 : 1));
  }
  return snapshot;
}
