/** What has to be done on a router so that it has what it shall. Pure. */
import type { ApiRow } from '../api/reply.ts';
import type { Change, Values } from '../undo/change.ts';
import { isRiskyMenu } from '../undo/risk.ts';
import type { Knowledge } from '../version/index.ts';
import { type Desired, type DesiredRow, labelOf, markOf, oneLine, readMark } from './desired.ts';
import { type Inventory, type MadeRow, madeKey, tagOf } from './inventory.ts';
import { planList } from './plan-list.ts';
import type { RowProblem } from './problem.ts';
import type { ActualMenu } from './read.ts';
import { type Ours, reservedRow } from './reserved.ts';
import { isSame, isSecretName } from './same.ts';

/** One change, whose it is and how people are told of it. */
export interface Step {
  change: Change;
  profile: string;
  label: string;
  /** What is done, a clause without secrets: `max-limit 1M/1M → 5M/20M`. */
  what: string;
  /** Properties that it sets of a declared row, which are looked at again afterwards. */
  sets?: { row: DesiredRow; properties: readonly string[] };
  /** What those properties read before. */
  seen?: ReadonlyMap<string, string | undefined>;
}

export interface Plan {
  /** In the order in which they are made. */
  steps: Step[];
  problems: RowProblem[];
  /** What the inventory has to say before any of it is made; what is gone by then is still in it. */
  ahead: Inventory;
  /** What it has to say when all is made. */
  after: Inventory;
}

export interface PlanInput {
  desired: Desired;
  /** Rows that are left out, and yet not given up. */
  dropped: ReadonlySet<DesiredRow>;
  /** The same of rows that could not even be made out: `PATH/ID`. */
  kept: ReadonlySet<string>;
  menus: ReadonlyMap<string, ActualMenu>;
  inventory: Inventory;
  /** Profiles whose rows stay as they are. */
  held: ReadonlySet<string>;
  knowledge: Knowledge;
  ours: Ours;
  /** See {@link tagOf}. */
  key: string;
}

/** What is found out about one menu while it is planned. */
export interface MenuPlan {
  path: string;
  /** Those that are neither dynamic nor what connects us, in order. */
  rows: readonly ApiRow[];
  /** All, in order. */
  all: readonly ApiRow[];
  marks: ReadonlyMap<ApiRow, { profile: string; id: string }>;
  hasComments: boolean;
  claimed: Set<ApiRow>;
}

export interface Planner extends PlanInput {
  steps: Step[];
  problems: RowProblem[];
  made: { menus: Set<string>; rows: Map<string, MadeRow>; reads: Map<string, string> };
  menu(path: string): MenuPlan | undefined;
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
  const isTrue = (value: string | undefined): boolean => value === 'true' || value === 'yes';
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

export function refuse(
  { problems }: Planner,
  { profile, label }: Pick<DesiredRow, 'profile' | 'label'>,
  reason: RowProblem['reason'],
  what: string,
): void {
  problems.push({ profile, row: label, reason, message: oneLine(`${label}: ${what}.`, 1024) });
}

function planRow(planner: Planner, row: DesiredRow): void {
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

export function addRow(
  planner: Planner,
  row: DesiredRow,
  menu: MenuPlan,
  match: Readonly<Record<string, string>>,
  before: string | undefined,
): void {
  const { path, set, profile, label } = row;
  const { knowledge } = planner;
  // Some are made switched off, as a PPPoE server.
  const values: Record<string, string> =
    knowledge.has(path, 'add', 'disabled') === 'yes' ? { disabled: 'no' } : {};
  for (const [name, value] of Object.entries(match))
    if (value !== '') values[knowledge.renamed(path, name)] = value;
  for (const [name, { value }] of set) if (value !== '') values[knowledge.renamed(path, name)] = value;
  if (menu.hasComments) values.comment = commentOf(row);
  const mark = menu.hasComments ? { comment: values.comment ?? '' } : { ...match };
  const shown = [...set].map(([name, { value, secret }]) => `${name}=${secret ? '*****' : value}`);
  planner.steps.push({
    change: { kind: 'add', path, values, mark, ...(before === undefined ? {} : { before }) },
    profile,
    label,
    what: oneLine(`add ${shown.join(' ')}`, 400),
    sets: { row, properties: [...set.keys()] },
  });
}

const commentOf = (row: DesiredRow): string => {
  const own = row.set.get('comment')?.value ?? '';
  return own === '' ? markOf(row) : `${markOf(row)}: ${own}`;
};

/** A row that a profile made is on, unless it says otherwise: whoever turns it off has changed it. */
export const inUse = ({ disabled }: ApiRow): Readonly<Record<string, string>> =>
  disabled === undefined ? {} : { disabled: 'no' };

/** Sets what differs. `also`: what it is told by, and that it is in use, where we made it. */
export function setRow(
  planner: Planner,
  row: DesiredRow,
  actual: ApiRow,
  also: Readonly<Record<string, string>>,
  isMarked: boolean,
): void {
  const { path, profile, label } = row;
  const { knowledge } = planner;
  const values: Record<string, string | null> = {};
  const was: Record<string, string | null> = {};
  const shown: string[] = [];
  const properties: string[] = [];
  const seen = new Map<string, string | undefined>();
  const wanted = new Map<string, { value: string; secret: boolean }>([
    ...Object.entries(also).map(([name, value]) => [name, { value, secret: false }] as const),
    ...row.set,
  ]);
  if (isMarked) wanted.set('comment', { value: commentOf(row), secret: false });
  for (const [name, { value, secret }] of wanted) {
    const read = actual[name];
    if (isSame(path, name, value, read)) continue;
    if (readsAsBefore(planner, row, name, value, read)) continue;
    const isMasked = read !== undefined && /^\*{3,}$/.test(read);
    if (isMasked && isRiskyMenu(path)) {
      refuse(
        planner,
        row,
        'CannotUndo',
        `${name} is hidden from our user, so what it is now could not be put back if the change cut us off; give the group tenant-tunnel the policy sensitive`,
      );
      return;
    }
    const theirs = knowledge.renamed(path, name);
    values[theirs] = value === '' ? unset(knowledge, path) : value;
    // What is not readable cannot be put back, and is not taken away either.
    if (!isMasked && !(read === undefined && (secret || isSecretName(name)))) was[theirs] = read ?? null;
    shown.push(secret ? `${name} (a secret)` : `${name} ${quoted(read)} → ${quoted(value)}`);
    properties.push(name);
    if (row.set.has(name) && name !== 'comment') seen.set(name, read);
  }
  if (properties.length === 0) return;
  const id = actual['.id'];
  planner.steps.push({
    change: { kind: 'set', path, ...(id === undefined ? {} : { id }), values: values as Values, was },
    profile,
    label,
    what: oneLine(`set ${shown.join(', ')}`, 400),
    sets: { row, properties: [...seen.keys()] },
    seen,
  });
}

/** Unset where the menu can; else the empty text is a value like others. */
const unset = (knowledge: Knowledge, path: string): string | null =>
  knowledge.has(path, 'unset') === 'yes' ? null : '';

const quoted = (value: string | undefined): string =>
  value === undefined || value === '' ? '""' : oneLine(value, 80);

/** It was written before and read so ever since: the router says it its own way, or hides it. */
function readsAsBefore(
  { inventory, key, made }: Planner,
  { path, id }: DesiredRow,
  name: string,
  value: string,
  read: string | undefined,
): boolean {
  const place = `${path}/${id}/${name}`;
  const known = inventory.reads.get(place);
  if (known === undefined) return false;
  if (known !== readTags(key, place, value, read)) return false;
  made.reads.set(place, known);
  return true;
}

export const readTags = (key: string, place: string, value: string, read: string | undefined): string =>
  `${tagOf(key, place, value)} ${tagOf(key, `${place} read`, read)}`;

export function keepMade({ made }: Planner, { path, id, profile, match }: DesiredRow, menu: MenuPlan): void {
  made.menus.add(path);
  if (menu.hasComments) return;
  if (match !== undefined) made.rows.set(madeKey(path, id), { path, id, profile, match });
}

export function removeRow(
  planner: Planner,
  menu: MenuPlan,
  actual: ApiRow,
  { profile, label }: Pick<DesiredRow, 'profile' | 'label'>,
  match: Readonly<Record<string, string>>,
): void {
  const { path } = menu;
  const id = actual['.id'] ?? '';
  const { knowledge } = planner;
  const row = Object.fromEntries(
    Object.entries(actual).filter(
      ([name, value]) => value !== '' && knowledge.has(path, 'add', name) === 'yes',
    ),
  );
  const mark = actual.comment ? { comment: actual.comment } : match;
  const change: Change =
    knowledge.has(path, 'set', 'disabled') === 'yes'
      ? { kind: 'remove', path, id, canDisable: true }
      : { kind: 'remove', path, id, canDisable: false, row, mark };
  planner.steps.push({ change, profile, label, what: 'remove' });
}

/** What profiles made before and none asks for. */
function planLeftovers(planner: Planner): void {
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
