/** Rows that are added, set and removed, each with what takes it back. Pure. */
import type { ApiRow } from '../api/reply.ts';
import type { Change, Values } from '../undo/change.ts';
import { isRiskyMenu } from '../undo/risk.ts';
import type { Knowledge } from '../version/index.ts';
import { type DesiredRow, markOf, oneLine } from './desired.ts';
import { tagOf } from './inventory.ts';
import { type MenuPlan, type Planner, refuse } from './planner.ts';
import { isSame, isSecretName } from './same.ts';

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
