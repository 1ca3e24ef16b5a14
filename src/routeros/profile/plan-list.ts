/** Where the rows of an ordered list go. Pure. */
import { type ApiRow, isTrue } from '../api/reply.ts';
import type { DesiredList } from './desired.ts';
import { addRow, inUse, setRow } from './plan-change.ts';
import { keepMade, type MenuPlan, type Planner, refuse } from './planner.ts';
import { reservedRow } from './reserved.ts';
import { isSame } from './same.ts';

export function planList(planner: Planner, list: DesiredList): void {
  const { path } = list;
  const rows = list.rows.filter((row) => !planner.dropped.has(row));
  if (rows.length === 0) return;
  const problem = planner.menus.get(path)?.problem;
  if (problem !== undefined) {
    refuse(planner, list, problem.reason, problem.message);
    return;
  }
  const menu = planner.menu(path);
  if (menu === undefined) return;
  if (!menu.hasComments) {
    refuse(planner, list, 'Invalid', 'rows of this menu have no comment to mark them with; write resources');
    return;
  }
  const found = rows.map((row) =>
    menu.rows.find((one) => menu.marks.get(one)?.id === row.id && !menu.claimed.has(one)),
  );
  const [single] = menu.all;
  if (single !== undefined && single['.id'] === undefined) {
    refuse(planner, list, 'Invalid', 'this menu has no rows; write resources');
    return;
  }
  for (const [at, row] of rows.entries()) {
    const actual = found[at];
    keepMade(planner, row, menu);
    if (actual === undefined) continue;
    menu.claimed.add(actual);
    setRow(planner, row, actual, inUse(actual), true);
  }
  const order = menu.all.map((row) => row['.id'] ?? '');
  const there = found.flatMap((row) => (row === undefined ? [] : [row['.id'] ?? '']));
  const end = endOf(planner, list, menu, order, there);
  if (planner.knowledge.has(path, 'move') !== 'no') moves(planner, list, menu, order, there, end);
  for (const [at, row] of rows.entries()) {
    if (found[at] !== undefined) continue;
    const next = found.slice(at).find((one) => one !== undefined)?.['.id'];
    addRow(planner, row, menu, {}, next ?? end);
  }
}

/** The row that the list stands before; undefined: none, it goes to the end. */
function endOf(
  { ours }: Planner,
  { path, before }: DesiredList,
  menu: MenuPlan,
  order: readonly string[],
  there: readonly string[],
): string | undefined {
  const isAnchor = (row: ApiRow): boolean =>
    before !== undefined &&
    !menu.marks.has(row) &&
    Object.entries(before).every(([name, value]) => isSame(path, name, value, row[name]));
  const anchor = menu.rows.find(isAnchor)?.['.id'];
  const last = inOrderAlready(there.map((id) => order.indexOf(id))).at(-1);
  if (last === undefined) return anchor;
  const own = new Set(there);
  if (anchor !== undefined && order.indexOf(anchor) < last) return anchor;
  return placeAfter(menu, order, last, own, ours);
}

/** The next row that something can be put before: no dynamic one, and none of the list itself. */
function placeAfter(
  menu: MenuPlan,
  order: readonly string[],
  at: number,
  own: ReadonlySet<string>,
  ours: Planner['ours'],
): string | undefined {
  return order.slice(at + 1).find((id) => {
    const row = menu.all.find((one) => one['.id'] === id);
    const isDynamic = isTrue(row?.dynamic);
    return (
      !isDynamic && !own.has(id) && (row === undefined || reservedRow(menu.path, row, ours) === undefined)
    );
  });
}

/** From the last to the first, each before the one that follows it. */
function moves(
  planner: Planner,
  list: DesiredList,
  menu: MenuPlan,
  order: string[],
  there: readonly string[],
  end: string | undefined,
): void {
  const { ours, steps } = planner;
  const nothing = new Set<string>();
  let next = end;
  for (const id of there.toReversed()) {
    const at = order.indexOf(id);
    const follows = placeAfter(menu, order, at, nothing, ours);
    if (follows !== next) {
      const change = { kind: 'move' as const, path: list.path, id };
      steps.push({
        change: {
          ...change,
          ...(next === undefined ? {} : { before: next }),
          ...(follows === undefined ? {} : { wasBefore: follows }),
        },
        profile: list.profile,
        label: list.label,
        what: 'move a row to its place',
      });
      order.splice(at, 1);
      order.splice(next === undefined ? order.length : order.indexOf(next), 0, id);
    }
    next = id;
  }
}

/** The longest part of them that is in order, so that as few as can be are moved. */
function inOrderAlready(places: readonly number[]): number[] {
  const best: number[][] = [];
  for (const [at, place] of places.entries()) {
    const before = best
      .filter((_, earlier) => (places[earlier] ?? 0) < place)
      .reduce<number[]>((most, one) => (one.length > most.length ? one : most), []);
    best[at] = [...before, place];
  }
  return best.reduce((most, one) => (one.length > most.length ? one : most), []);
}
