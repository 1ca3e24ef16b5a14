/** What profiles made on a router before, and none asks for any more. Pure. */
import type { ApiRow } from '../api/reply.ts';
import { labelOf } from './desired.ts';
import { type MadeRow, madeKey } from './inventory.ts';
import { removeRow } from './plan-change.ts';
import type { MenuPlan, Planner } from './planner.ts';
import { isSame } from './same.ts';

/** What profiles made before and none asks for. */
export function planLeftovers(planner: Planner): void {
  const { menus, inventory, held, made, dropped, desired } = planner;
  // A row that is left out because of a mistake in it is not given up.
  const kept = new Set([...planner.kept, ...[...dropped].map(({ path, id }) => madeKey(path, id))]);
  const failed = new Set(planner.problems.map(({ row }) => row));
  for (const { path, id, label } of desired.rows) if (failed.has(label)) kept.add(madeKey(path, id));
  // Rows of later menus may rest on rows of earlier ones: what is planned first goes last.
  const order = new Set([...inventory.menus, ...menus.keys()]);
  const byMenu = Map.groupBy(inventory.rows, ([, { path }]) => path);
  for (const path of order) {
    const menu = planner.menu(path);
    if (menu === undefined) {
      // It could not be read: what was made in it is still there.
      if (inventory.menus.has(path) && menus.get(path)?.problem?.reason !== 'UnknownMenu')
        made.menus.add(path);
    }
    for (const [key, row] of byMenu.get(path) ?? [])
      if (!made.rows.has(key)) planLeftover(planner, menu, key, row, kept);
    if (menu === undefined) continue;
    for (const [row, { profile, id }] of menu.marks) {
      if (menu.claimed.has(row)) continue;
      if (held.has(profile) || kept.has(madeKey(path, id))) made.menus.add(path);
      else removeRow(planner, menu, row, { profile, label: nameOf(path, row) }, {});
    }
  }
  const planned = new Set(
    [...desired.rows, ...desired.lists.flatMap(({ rows }) => rows)].map(({ path, id }) => madeKey(path, id)),
  );
  for (const [place, tags] of inventory.reads) {
    const key = place.slice(0, place.lastIndexOf('/'));
    if (kept.has(key) || (held.size > 0 && !planned.has(key))) made.reads.set(place, tags);
  }
}

/** A row of a menu without comments, which is known by the inventory alone. */
function planLeftover(
  planner: Planner,
  menu: MenuPlan | undefined,
  key: string,
  row: MadeRow,
  kept: ReadonlySet<string>,
): void {
  const { path, match, profile } = row;
  const { held, made, menus } = planner;
  if (menu === undefined || held.has(profile) || kept.has(key)) {
    if (menus.get(path)?.problem?.reason === 'UnknownMenu') return;
    made.menus.add(path);
    made.rows.set(key, row);
    return;
  }
  const found = menu.rows.filter((one) =>
    Object.entries(match).every(([name, value]) => isSame(path, name, value, one[name])),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1 && !menu.claimed.has(only))
    removeRow(planner, menu, only, { profile, label: labelOf(path, match) }, match);
}

const nameOf = (path: string, row: ApiRow): string => {
  const { name, comment } = row;
  return labelOf(path, name === undefined ? { comment: comment ?? '' } : { name });
};
