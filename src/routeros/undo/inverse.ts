/** What takes changes back, in the language of RouterOS. */
import { RouterOsError } from '../errors.ts';
import { quote } from '../script/quote.ts';
import { type Change, rowId, type Values } from './change.ts';

/**
 * Longest text of an undo, in bytes. What RouterOS takes is not documented; scripts of this size are in use, and a
 * longer plan is made in parts.
 */
export const MAX_UNDO_BYTES = 32_000;

/**
 * The lines that take `changes` back, the last one first. Each is loaded by itself, so that one that this version does
 * not know keeps no other from running; each may run again, or where its change was never made, and does nothing then.
 * `ttBad` counts those that failed. Throws `InvalidRequest` and `TooLarge`.
 */
export function inverse(changes: readonly Change[]): string {
  const steps = runs(changes)
    .toReversed()
    .map((run) => `:do { [[:parse ${quote(line(run))}]] } on-error={ :set ttBad ($ttBad + 1) }`);
  const text = [':local ttBad 0', ...steps].join('\n');
  if (Buffer.byteLength(text) > MAX_UNDO_BYTES)
    throw new RouterOsError(
      'TooLarge',
      `What undoes these ${changes.length} changes is longer than ${MAX_UNDO_BYTES} bytes: make them in parts.`,
    );
  return text;
}

/** So many in one line; a list of a hundred rules is then a few kilobytes. */
const MOST_IN_LINE = 50;

/** Neighbours that one line takes back: rows of one menu that are found by their comments, or that were switched off. */
function runs(changes: readonly Change[]): Change[][] {
  const made: Change[][] = [];
  for (const change of changes) {
    const last = made.at(-1);
    const key = joinable(change);
    const isMore = key !== undefined && last?.[0] !== undefined && joinable(last[0]) === key;
    if (isMore && last.length < MOST_IN_LINE) last.push(change);
    else made.push([change]);
  }
  return made;
}

function joinable(change: Change): string | undefined {
  if (change.kind === 'remove' && change.canDisable) return `switched off ${change.path}`;
  const isMarked = change.kind === 'add' && Object.keys(change.mark).join() === 'comment';
  return isMarked ? `added ${change.path}` : undefined;
}

function line(run: readonly Change[]): string {
  const [first] = run;
  if (first === undefined || run.length === 1) return first === undefined ? ':nothing' : step(first);
  const path = menu(first.path);
  if (first.kind === 'add') {
    const marks = run.flatMap((change) => (change.kind === 'add' ? quote(change.mark.comment ?? '') : []));
    return `:foreach ttMark in={${marks.join(';')}} do={ :foreach ttRow in=[${path}/find where comment=$ttMark] do={ ${path}/remove $ttRow } }`;
  }
  const ids = run.flatMap((change) => (change.kind === 'remove' ? `.id=${rowId(change.id)}` : []));
  return `${path}/set [${path}/find where ${ids.join(' or ')}] disabled=no`;
}

function menu(path: string): string {
  if (/^(\/[a-z0-9][a-z0-9-]*)+$/.test(path)) return path;
  throw invalid('a menu has a name that RouterOS cannot have');
}

function step(change: Change): string {
  const { kind } = change;
  if (kind === 'run') return change.undo;
  const path = menu(change.path);
  if (kind === 'add')
    return `:foreach ttRow in=[${path}/find where ${like(change.mark)}] do={ ${path}/remove $ttRow }`;
  if (kind === 'set') {
    // Of what cannot be read nothing is known that could be put back.
    if (Object.keys(change.was).length === 0) return ':nothing';
    const row = change.id === undefined ? '' : ` ${found(path, change.id)}`;
    return `${path}/set${row} ${assigned(change.was)}`;
  }
  if (kind === 'move') {
    const place = change.wasBefore === undefined ? '' : ` destination=${rowId(change.wasBefore)}`;
    return `:if ([:len ${found(path, change.id)}] > 0) do={ ${path}/move ${rowId(change.id)}${place} }`;
  }
  if (change.canDisable) return `${path}/set ${found(path, change.id)} disabled=no`;
  const place = change.before === undefined ? '' : ` place-before=${rowId(change.before)}`;
  return `:if ([:len [${path}/find where ${like(change.mark)}]] = 0) do={ ${path}/add ${assigned(change.row)}${place} }`;
}

/** A row by its id, or nothing where somebody has removed it: RouterOS takes a `set` of nothing. */
const found = (path: string, id: string): string => `[${path}/find where .id=${rowId(id)}]`;

const assigned = (values: Values): string =>
  Object.entries(values)
    .map(([name, value]) =>
      value === null ? `!${property(name)}` : `${property(name)}=${typed(name, value)}`,
    )
    .join(' ');

/** Truth is read as true and false, and written as yes and no. */
function typed(name: string, value: string): string {
  const isText = name === 'comment' || name === 'name';
  if (!isText && value === 'true') return 'yes';
  return !isText && value === 'false' ? 'no' : quote(value);
}

function like(mark: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(mark).map(([name, value]) => `${property(name)}=${quote(value)}`);
  if (conditions.length === 0) throw invalid('an added row has nothing by which it would be found again');
  return conditions.join(' and ');
}

function property(name: string): string {
  if (/^[a-z0-9][a-z0-9.-]*$/.test(name)) return name;
  throw invalid('a property has a name that RouterOS cannot have');
}

const invalid = (what: string): RouterOsError =>
  new RouterOsError('InvalidRequest', `This change cannot be made under an undo: ${what}.`);
