import type { Context, Menu, Property, Values } from './configuration/definition.ts';
import { entriesOf } from './configuration/read.ts';
import { LOG } from './menus/log.ts';
import type { Snapshot } from './types.ts';

const comparedOf = new WeakMap<Menu, readonly Property[]>();

/** Of a menu's properties those that a snapshot has, by name: worked out once. */
function compared(menu: Menu): readonly Property[] {
  const found =
    comparedOf.get(menu) ??
    menu.properties
      .filter(({ readOnly, name }) => !readOnly || name === 'name')
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  comparedOf.set(menu, found);
  return found;
}

function sorted(rows: readonly Values[]): Values[] {
  return rows
    .map((row) => ({ row, text: JSON.stringify(row) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ row }) => row);
}

/**
 * All that was configured, as a value to compare: static rows, writable properties with their defaults, secrets in
 * clear; rows in order where order means something, else sorted.
 */
export function takeSnapshot(menus: ReadonlyMap<string, Menu>, context: Context): Snapshot {
  const snapshot: Record<string, Values[]> = {};
  for (const menu of menus.values()) {
    if (menu.kind === 'directory' || menu.path === LOG) continue;
    const properties = compared(menu);
    const rows = entriesOf(menu, context)
      .filter((entry) => !entry.dynamic)
      .map((entry) => {
        const row: Values = {};
        for (const { name, default: otherwise } of properties) {
          const value = entry.values[name] ?? otherwise;
          if (value !== undefined) row[name] = value;
        }
        return row;
      });
    snapshot[menu.path] = menu.ordered || rows.length < 2 ? rows : sorted(rows);
  }
  return snapshot;
}
