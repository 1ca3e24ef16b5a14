/** Profiles in their order and what templates mean → what one router shall have. Pure. */
import type { RouterProfileSpec } from '../../api/index.ts';
import { type Desired, type DesiredList, type DesiredRow, labelOf, rowId, type Wanted } from './desired.ts';
import { madeKey } from './inventory.ts';
import type { RowProblem } from './problem.ts';
import { type Ours, reservedMenu, reservedRow } from './reserved.ts';
import { isSame, isSecretName } from './same.ts';
import { type Lookup, type Rendered, render, TemplateError } from './template.ts';
import { lookupOf, type Subject } from './variables.ts';

export interface ProfileSource {
  /** `namespace/name`. */
  profile: string;
  spec: Pick<RouterProfileSpec, 'resources' | 'lists' | 'values'>;
  /** What its values with a secretKeyRef are, by their names; those that are missing are missing. */
  secrets: ReadonlyMap<string, string>;
}

export interface Compiled extends Desired {
  problems: readonly RowProblem[];
  /** Rows with a mistake, `PATH/ID`: what the router has of them stays as it is. */
  kept: ReadonlySet<string>;
  /** Profiles of which nothing is done. */
  refused: ReadonlySet<string>;
}

/** Most rows that one router gets from all of its profiles. */
export const MAX_ROWS = 2048;
/** Longest value that is sent. */
const MAX_VALUE = 32_768;
const PATH = /^(\/[a-z0-9][a-z0-9-]*)+$/;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A row that cannot be; the others go on. */
class RowError extends Error {
  readonly reason: RowProblem['reason'];
  constructor(reason: RowProblem['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** `profiles` in the order of merging. */
export function compile(profiles: readonly ProfileSource[], subject: Subject, ours: Ours): Compiled {
  const problems: RowProblem[] = [];
  const rows = new Map<string, DesiredRow>();
  const lists: DesiredList[] = [];
  const kept = new Set<string>();
  const refused = new Set<string>();
  let count = 0;
  for (const { profile, spec, secrets } of profiles) {
    const own =
      (spec.resources?.length ?? 0) + (spec.lists ?? []).reduce((sum, one) => sum + one.rows.length, 0);
    if (count + own > MAX_ROWS) {
      const message = `Of ${count + own} rows a router gets at most ${MAX_ROWS} from all of its profiles: none of this profile is applied.`;
      problems.push({ profile, reason: 'TooManyRows', message });
      refused.add(profile);
      continue;
    }
    count += own;
    const lookup = lookupOf(subject, spec.values, secrets);
    const told = (label: string, ids: readonly string[], make: () => void): void => {
      try {
        make();
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        for (const id of ids) kept.add(id);
        problems.push({ profile, row: label, reason: error.reason, message: `${label}: ${error.message}.` });
      }
    };
    for (const resource of spec.resources ?? []) {
      // The raw texts name it until its templates are known.
      const id = madeKey(resource.path, idOf(profile, resource));
      told(labelOf(resource.path, resource.match ?? {}), [id], () => {
        const row = rowOf(profile, resource, lookup, ours);
        merge(rows, row, problems);
      });
    }
    const seen = new Map<string, number>();
    for (const [index, list] of (spec.lists ?? []).entries()) {
      const label = `${list.path} list ${index + 1}`;
      const ids = list.rows.map(({ set }) => {
        const raw = rowId(profile, list.path, set);
        const copy = (seen.get(raw) ?? 0) + 1;
        seen.set(raw, copy);
        return copy === 1 ? raw : rowId(raw, copy);
      });
      const keys = ids.map((id) => madeKey(list.path, id));
      told(label, keys, () => {
        const problem = menuProblem(list.path);
        if (problem !== undefined) throw problem;
        const before = list.before && plain(renderAll(list.before, lookup));
        const made: DesiredRow[] = [];
        for (const [at, { set }] of list.rows.entries()) {
          const rowLabel = `${label} row ${at + 1}`;
          told(rowLabel, keys.slice(at, at + 1), () => {
            const wanted = wantedOf(list.path, profile, renderAll(set, lookup), ours);
            const id = ids[at] ?? '';
            made.push({
              path: list.path,
              id,
              label: rowLabel,
              profile,
              match: undefined,
              set: wanted,
              absent: false,
            });
          });
        }
        lists.push({ path: list.path, label, profile, before, rows: made });
      });
    }
  }
  return { rows: [...rows.values()], lists, problems, kept, refused };
}

type Resource = NonNullable<RouterProfileSpec['resources']>[number];

const idOf = (profile: string, { path, match }: Resource): string => rowId(profile, path, match ?? null);

function rowOf(profile: string, resource: Resource, lookup: Lookup, ours: Ours): DesiredRow {
  const { path, state } = resource;
  const refused = menuProblem(path);
  if (refused !== undefined) throw refused;
  const match = resource.match && plain(renderAll(resource.match, lookup));
  const set = wantedOf(path, profile, renderAll(resource.set ?? {}, lookup), ours);
  const declared = { ...match, ...Object.fromEntries([...set].map(([name, { value }]) => [name, value])) };
  const reserved = reservedRow(path, declared, ours) ?? (match && reservedRow(path, match, ours));
  if (reserved !== undefined) throw new RowError('Reserved', reserved);
  return {
    path,
    id: idOf(profile, resource),
    label: labelOf(path, match ?? {}),
    profile,
    match,
    set,
    absent: state === 'Absent',
  };
}

function menuProblem(path: string): RowError | undefined {
  if (!PATH.test(path)) return new RowError('Invalid', 'write a menu with slashes, for example "/ip/dns"');
  const reserved = reservedMenu(path);
  return reserved === undefined ? undefined : new RowError('Reserved', reserved);
}

function renderAll(values: Readonly<Record<string, string>>, lookup: Lookup): Map<string, Rendered> {
  const rendered = new Map<string, Rendered>();
  for (const [name, text] of Object.entries(values)) {
    if (!NAME.test(name))
      throw new RowError('Invalid', `"${name.slice(0, 64)}" is no name of a property, as "dst-port" is one`);
    try {
      rendered.set(name, render(text, lookup));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new RowError('TemplateFailed', `${name}: ${error.message}`);
    }
    const { length } = rendered.get(name)?.text ?? '';
    if (length > MAX_VALUE) throw new RowError('Invalid', `${name} is longer than ${MAX_VALUE} characters`);
    // The console cuts a text there.
    if (rendered.get(name)?.text.includes('\0'))
      throw new RowError('Invalid', `${name} has a NUL in it, which RouterOS cannot hold`);
  }
  return rendered;
}

/** By which rows are found, and so shown. */
function plain(rendered: ReadonlyMap<string, Rendered>): Record<string, string> {
  return Object.fromEntries(
    [...rendered].map(([name, { text, secret }]) => {
      if (secret)
        throw new RowError('Invalid', `${name} tells which row it is and cannot come from a Secret`);
      return [name, text];
    }),
  );
}

function wantedOf(
  path: string,
  from: string,
  rendered: ReadonlyMap<string, Rendered>,
  ours: Ours,
): Map<string, Wanted> {
  const wanted = [...rendered].map(([name, { text, secret }]): [string, Wanted] => [
    name,
    { value: text, secret: secret || isSecretName(name), from },
  ]);
  const declared = Object.fromEntries(wanted.map(([name, { value }]) => [name, value]));
  const reserved = reservedRow(path, declared, ours);
  if (reserved !== undefined) throw new RowError('Reserved', reserved);
  if (declared.comment?.startsWith('tenant-tunnel'))
    throw new RowError('Reserved', 'comments that begin with "tenant-tunnel" are the operator\'s');
  return new Map(wanted);
}

/** The later one wins, property by property, and what it won over is told. */
function merge(rows: Map<string, DesiredRow>, row: DesiredRow, problems: RowProblem[]): void {
  const key = keyOf(row, rows.values());
  const known = rows.get(key);
  if (known === undefined) {
    rows.set(key, row);
    return;
  }
  const lost = (profile: string, what: string): void => {
    const message = `${row.label}: ${what} by profile ${row.profile}, which comes later; write it in one of them only.`;
    problems.push({ profile, row: row.label, reason: 'Overridden', message });
  };
  // What was first keeps its place and its name.
  const { id, match } = known;
  if (row.absent !== known.absent) {
    lost(known.profile, `what it says of the row is overridden (${row.absent ? 'Absent' : 'Present'})`);
    rows.set(key, { ...row, id, match });
    return;
  }
  for (const [name, { value, from }] of known.set) {
    const later = row.set.get(name);
    if (later !== undefined && later.value !== value) lost(from, `${name} is set otherwise`);
  }
  rows.set(key, { ...row, id, match, set: new Map([...known.set, ...row.set]) });
}

/** Rows are the same where their `match` comes to the same. */
function keyOf(row: DesiredRow, known: Iterable<DesiredRow>): string {
  for (const one of known)
    if (one.path === row.path && isSameMatch(row.path, one.match, row.match))
      return rowId(one.path, one.match ?? null);
  return rowId(row.path, row.match ?? null);
}

function isSameMatch(path: string, one: DesiredRow['match'], other: DesiredRow['match']): boolean {
  if (one === undefined || other === undefined) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(path, name, one[name] ?? '', other[name]))
  );
}
