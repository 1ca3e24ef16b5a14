/** One look at one router: what its profiles ask for is compared with what it has, and made so. */
import type { RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import { settleUndo } from '../undo/settle.ts';
import { type Answers, learn } from '../version/index.ts';
import { applySteps, type UnderUndo } from './apply.ts';
import { check, placesOf } from './check.ts';
import { type Compiled, compile, type ProfileSource } from './compile.ts';
import { oneLine } from './desired.ts';
import {
  INVENTORY_ROW,
  type Inventory,
  isSameInventory,
  MAX_INVENTORY,
  writeInventory,
} from './inventory.ts';
import { type Plan, plan } from './plan.ts';
import { readTags } from './plan-change.ts';
import type { PlanInput, Step } from './planner.ts';
import type { RowProblem } from './problem.ts';
import { readForbidden, readInventory, readMenus } from './read.ts';
import type { Ours } from './reserved.ts';
import type { Subject } from './variables.ts';

export interface ProfileTask extends ProfileSource {
  /**
   * - `apply`: make it so. - `report`: only say what differs. - `plan`: a dry run.
   * - `hold`: what the router has of it stays as it is.
   */
  mode: 'apply' | 'report' | 'plan' | 'hold';
}

export interface ProfileRun {
  api: RouterOsApi;
  openAnother: (signal: AbortSignal) => Promise<RouterOsApi>;
  underUndo: UnderUndo;
  /** In the order of merging. */
  tasks: readonly ProfileTask[];
  subject: Subject;
  ours: Ours;
  /** As the router writes it. */
  version: string;
  /** Answers about what it knows, and the name that this router's are kept under. */
  answers?: { kept: Answers; router: string };
  /** A secret of this router that it cannot read out itself. */
  key: string;
  signal: AbortSignal;
}

export interface ProfileResult {
  problems: RowProblem[];
  /** Sentences that changed something on the router. */
  writes: number;
  /** A change was undone, so that this router is best left alone for a while. */
  stopped: boolean;
}

/** Throws {@link RouterOsError} where the session is over. Nothing of a task is lost by that: it is all done again. */
export async function runProfiles(run: ProfileRun): Promise<ProfileResult> {
  const opened: RouterOsApi[] = [];
  try {
    return await runOn({ ...run }, opened);
  } finally {
    for (const api of opened) api.close();
  }
}

async function runOn(run: ProfileRun, opened: RouterOsApi[]): Promise<ProfileResult> {
  const { tasks, subject, ours, signal } = run;
  const [{ inventory, id }, forbidden, leftovers] = await Promise.all([
    readInventory(run.api, { signal }),
    readForbidden(run.api, { signal }),
    settleUndo(run.api, { signal }),
  ]);
  if (leftovers.found === 'Busy')
    throw new RouterOsError(
      'Trap',
      'The router still undoes an earlier change, or somebody holds safe mode for us; nothing is changed until then.',
    );
  const compiled = compile(
    tasks.filter(({ mode }) => mode === 'apply' || mode === 'report'),
    subject,
    ours,
  );
  const held = new Set([
    ...tasks.filter(({ mode }) => mode === 'hold' || mode === 'plan').map(({ profile }) => profile),
    ...compiled.refused,
  ]);
  const state: State = { run, inventory, id, forbidden, writes: 0 };
  const first = await look(state, compiled, held);
  const modes = new Map(tasks.map(({ profile, mode }) => [profile, mode]));
  const problems = [...compiled.problems, ...first.problems];
  const isReported = ({ profile }: Step): boolean => modes.get(profile) === 'report';
  problems.push(...told(first.steps.filter(isReported), 'Drifted'));
  const steps = first.steps.filter((step) => !isReported(step));
  let stopped = false;
  if (steps.length > 0) {
    await keep(state, first.ahead);
    const reopen = async (): Promise<RouterOsApi> => {
      const api = await run.openAnother(signal);
      opened.push(api);
      return api;
    };
    const line = { ...run, reopen };
    const applied = await applySteps(line, steps);
    run.api = line.api;
    state.writes += applied.made.size;
    problems.push(...applied.problems);
    stopped = applied.stopped;
    if (stopped) return { problems: once(problems), writes: state.writes, stopped };
    problems.push(...(await verify(state, compiled, held, applied.made)));
  } else await keep(state, first.after);
  if (tasks.some(({ mode }) => mode === 'plan')) problems.push(...(await dryRun(state, held)));
  return { problems: once(problems), writes: state.writes, stopped };
}

interface State {
  run: ProfileRun;
  inventory: Inventory;
  /** Of the script that has the inventory. */
  id: string | undefined;
  forbidden: ReadonlySet<string>;
  writes: number;
}

async function look(
  { run, inventory, forbidden }: State,
  compiled: Compiled,
  held: ReadonlySet<string>,
): Promise<Plan> {
  const { api, signal, version, answers, ours, key } = run;
  const wanted = propertiesOf(compiled, inventory);
  const knowledge = await learn(api, {
    version,
    places: placesOf(wanted.keys()),
    signal,
    ...(answers && { answers }),
  });
  const checked = check(compiled, knowledge, forbidden, version);
  const isRefused = ({ profile }: { profile: string }): boolean => checked.refused.has(profile);
  const known = new Map([...wanted].filter(([path]) => knowledge.has(path) !== 'no'));
  const menus = await readMenus(api, known, knowledge, { signal });
  const input: PlanInput = {
    desired: {
      rows: compiled.rows.filter((row) => !isRefused(row)),
      lists: compiled.lists.filter((list) => !isRefused(list)),
    },
    dropped: checked.dropped,
    kept: compiled.kept,
    menus,
    inventory,
    held: new Set([...held, ...checked.refused]),
    knowledge,
    ours,
    key,
  };
  const made = plan(input);
  return { ...made, problems: [...checked.problems, ...made.problems] };
}

/** All menus that are looked at, and of which properties. */
function propertiesOf({ rows, lists }: Compiled, inventory: Inventory): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  const add = (path: string, names: Iterable<string>): void => {
    const known = wanted.get(path) ?? new Set<string>();
    for (const name of names) known.add(name);
    wanted.set(path, known);
  };
  for (const path of inventory.menus) add(path, []);
  for (const { path, match } of inventory.rows.values()) add(path, Object.keys(match));
  for (const { path, match, set } of [...rows, ...lists.flatMap((list) => list.rows)])
    add(path, [...Object.keys(match ?? {}), ...set.keys()]);
  for (const { path, before } of lists) add(path, Object.keys(before ?? {}));
  return wanted;
}

/** Writes the inventory where it differs from what the router has. */
async function keep(state: State, wanted: Inventory): Promise<void> {
  const { run, id } = state;
  if (isSameInventory(state.inventory, wanted)) return;
  const { path, name } = INVENTORY_ROW;
  const source = writeInventory(wanted);
  if (source.length > MAX_INVENTORY)
    throw new RangeError('What profiles made on a router is more than can be listed there.');
  const { signal } = run;
  if (id !== undefined)
    await run.api.command({ path: `${path}/set`, attributes: { '.id': id, source } }, { signal });
  else {
    const attributes = { name, source, policy: 'read' };
    const { done } = await run.api.command({ path: `${path}/add`, attributes }, { signal });
    state.id = done.ret;
  }
  state.inventory = wanted;
  state.writes += 1;
}

/** Reads again what was set. What now reads otherwise than it was written is noted, so that it is not set for ever. */
async function verify(
  state: State,
  compiled: Compiled,
  held: ReadonlySet<string>,
  made: ReadonlySet<Step>,
): Promise<RowProblem[]> {
  const again = await look(state, compiled, held);
  const { key } = state.run;
  const reads = new Map(again.after.reads);
  const problems: RowProblem[] = [];
  const wasSet = new Set(
    [...made].flatMap(({ sets }) =>
      sets === undefined ? [] : sets.properties.map((name) => `${sets.row.path}/${sets.row.id}/${name}`),
    ),
  );
  for (const { sets, seen } of again.steps) {
    for (const [name, read] of seen ?? []) {
      const wanted = sets?.row.set.get(name);
      const place = `${sets?.row.path}/${sets?.row.id}/${name}`;
      if (sets === undefined || wanted === undefined || !wasSet.has(place)) continue;
      reads.set(place, readTags(key, place, wanted.value, read));
      if (wanted.secret) continue;
      const { label, profile } = sets.row;
      const is = read === undefined ? 'nothing' : `"${oneLine(read, 80)}"`;
      const message = `${label}: ${name} was set to "${oneLine(wanted.value, 80)}", and the router says ${is}, which is taken for the same; write it as the router does.`;
      problems.push({ profile, row: label, reason: 'ReadsDifferently', message });
    }
  }
  await keep(state, { ...again.after, reads });
  return problems;
}

/** What the dry runs would do, over all that is there. */
async function dryRun(state: State, held: ReadonlySet<string>): Promise<RowProblem[]> {
  const { tasks, subject, ours } = state.run;
  const isDry = new Set(tasks.filter(({ mode }) => mode === 'plan').map(({ profile }) => profile));
  const compiled = compile(
    tasks.filter(({ mode }) => mode !== 'hold'),
    subject,
    ours,
  );
  const stillHeld = new Set([...[...held].filter((profile) => !isDry.has(profile)), ...compiled.refused]);
  const { steps, problems } = await look(state, compiled, stillHeld);
  const own = [...compiled.problems, ...problems].filter(({ profile }) => isDry.has(profile));
  return [
    ...own,
    ...told(
      steps.filter(({ profile }) => isDry.has(profile)),
      'Planned',
    ),
  ];
}

const told = (steps: readonly Step[], reason: 'Drifted' | 'Planned'): RowProblem[] =>
  steps.map(({ profile, label, what }) => ({
    profile,
    row: label,
    reason,
    message: oneLine(`${label}: ${what}`, 1024),
  }));

function once(problems: readonly RowProblem[]): RowProblem[] {
  const known = new Map(problems.map((one) => [`${one.profile}\n${one.reason}\n${one.message}`, one]));
  return [...known.values()];
}
