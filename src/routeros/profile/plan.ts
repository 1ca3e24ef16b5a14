/** What has to be done on a router so that it has what it shall. Pure. */
import { isTrue } from '../api/reply.ts';
import { readMark } from './desired.ts';
import type { Inventory } from './inventory.ts';
import { planLeftovers } from './plan-leftovers.ts';
import { planList } from './plan-list.ts';
import { planRow } from './plan-row.ts';
import type { MenuPlan, PlanInput, Planner, Step } from './planner.ts';
import type { RowProblem } from './problem.ts';
import type { ActualMenu } from './read.ts';
import { reservedRow } from './reserved.ts';

export interface Plan {
  /** In the order in which they are made. */
  steps: Step[];
  problems: RowProblem[];
  /** What the inventory has to say before any of it is made; what is gone by then is still in it. */
  ahead: Inventory;
  /** What it has to say when all is made. */
  after: Inventory;
}

export function plan(input: PlanInput): Plan {
  const { desired, menus, inventory, dropped } = input;
  const known = new Map<string, MenuPlan>();
  const planner: Planner = {
    ...input,
    steps: [],
    problems: [],
    made: { menus: new Set(), rows: new Map(), reads: new Map() },
    menu(path) {
      const found = known.get(path);
      const actual = menus.get(path);
      if (found !== undefined || actual === undefined || actual.problem !== undefined) return found;
      const made = menuPlan(path, actual, input);
      known.set(path, made);
      return made;
    },
  };
  for (const row of desired.rows) if (!dropped.has(row)) planRow(planner, row);
  for (const list of desired.lists) planList(planner, list);
  planLeftovers(planner);
  const { made } = planner;
  return {
    steps: inOrder(planner.steps),
    problems: planner.problems,
    ahead: {
      menus: new Set([...inventory.menus, ...made.menus]),
      rows: new Map([...inventory.rows, ...made.rows]),
      reads: made.reads,
    },
    after: made,
  };
}

function menuPlan(path: string, { rows: all }: ActualMenu, { ours, knowledge }: PlanInput): MenuPlan {
  const rows = all.filter((row) => !isTrue(row.dynamic) && reservedRow(path, row, ours) === undefined);
  const marks = new Map(
    rows.flatMap((row) => {
      const mark = readMark(row.comment);
      return mark === undefined ? [] : [[row, mark] as const];
    }),
  );
  const says = knowledge.has(path, 'add', 'comment');
  const hasComments = says === 'yes' || (says === 'unknown' && all.some((row) => row.comment !== undefined));
  return { path, rows, all, marks, hasComments, claimed: new Set() };
}

/** First what is added and set, in the order of the profiles; then what goes, the last of it first. */
function inOrder(steps: readonly Step[]): Step[] {
  const goes = ({ change: { kind } }: Step) => kind === 'remove';
  return [...steps.filter((step) => !goes(step)), ...steps.filter(goes).reverse()];
}
