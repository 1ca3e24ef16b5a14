/** One declared row: found, and set, added or removed. Pure. */
import type { ApiRow } from '../api/reply.ts';
import type { DesiredRow } from './desired.ts';
import { madeKey } from './inventory.ts';
import { addRow, inUse, removeRow, setRow } from './plan-change.ts';
import { keepMade, type MenuPlan, type Planner, refuse } from './planner.ts';
import { reservedRow } from './reserved.ts';
import { isSame } from './same.ts';

export function planRow(planner: Planner, row: DesiredRow): void {
  const { path, match } = row;
  const problem = planner.menus.get(path)?.problem;
  if (problem !== undefined) {
    refuse(planner, row, problem.reason, problem.message);
    return;
  }
  const menu = planner.menu(path);
  if (menu === undefined) return;
  if (match === undefined) {
    planSingle(planner, row, menu);
    return;
  }
  if (menu.all.some((one) => one['.id'] === undefined)) {
    refuse(planner, row, 'Invalid', 'this menu has no rows; leave match out');
    return;
  }
  const found = find(planner, row, menu);
  if (found === 'refused') return;
  if (found !== undefined) menu.claimed.add(found);
  if (found?.['.about']?.includes('not allowed by device-mode'))
    refuse(
      planner,
      row,
      'DeviceMode',
      'the row is there and does nothing, since the device-mode of the router forbids it',
    );
  if (row.absent) {
    if (found !== undefined) removeRow(planner, menu, found, row, match);
    return;
  }
  if (found === undefined) {
    addMatched(planner, row, menu, match);
    return;
  }
  const isOurs = menu.marks.has(found) || planner.inventory.rows.has(madeKey(path, row.id));
  if (isOurs) keepMade(planner, row, menu);
  setRow(planner, row, found, isOurs ? { ...inUse(found), ...match } : {}, isOurs && menu.hasComments);
}

function planSingle(planner: Planner, row: DesiredRow, menu: MenuPlan): void {
  const [single] = menu.all;
  if (
    single?.['.id'] !== undefined ||
    (single === undefined && planner.knowledge.has(row.path, 'add') === 'yes')
  ) {
    refuse(planner, row, 'Invalid', 'this menu has rows; write in match which of them it is');
    return;
  }
  setRow(planner, row, single ?? {}, {}, false);
}

/** By our mark, else by what `match` says. */
function find(planner: Planner, row: DesiredRow, menu: MenuPlan): ApiRow | undefined | 'refused' {
  const { match = {} } = row;
  const marked = menu.rows.find((one) => menu.marks.get(one)?.id === row.id && !menu.claimed.has(one));
  if (marked !== undefined) return marked;
  const isIt = (one: ApiRow) =>
    Object.entries(match).every(([name, value]) => isSame(row.path, name, value, one[name]));
  const found = menu.rows.filter(isIt);
  const free = found.filter((one) => !menu.claimed.has(one));
  if (free.length === 1) return free[0];
  if (free.length > 1) {
    const [ours, more] = free.filter((one) => menu.marks.has(one));
    if (ours !== undefined && more === undefined) return ours;
    refuse(
      planner,
      row,
      'Ambiguous',
      `match finds ${free.length} rows; write more into match, so that it finds one`,
    );
    return 'refused';
  }
  if (found.length > 0) {
    refuse(planner, row, 'Ambiguous', 'match finds a row that another row of a profile has already');
    return 'refused';
  }
  if (menu.all.some((one) => isIt(one) && reservedRow(row.path, one, planner.ours) !== undefined)) {
    refuse(
      planner,
      row,
      'Reserved',
      'match finds what connects the router to the operator, which no profile changes',
    );
    return 'refused';
  }
  return undefined;
}

function addMatched(
  planner: Planner,
  row: DesiredRow,
  menu: MenuPlan,
  match: Readonly<Record<string, string>>,
): void {
  if (planner.knowledge.has(row.path, 'add') === 'no') {
    refuse(planner, row, 'Invalid', 'match finds no row, and this menu takes no new ones');
    return;
  }
  keepMade(planner, row, menu);
  addRow(planner, row, menu, match, undefined);
}
