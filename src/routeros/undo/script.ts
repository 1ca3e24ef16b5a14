/** What the router itself runs to be as it was before. */
import { RouterOsError } from '../errors.ts';
import { quote } from '../script/quote.ts';
import { type Change, rowId, type Values } from './change.ts';

/**
 * Longest text of an undo, in bytes. What RouterOS takes is not documented; scripts of this size are in use, and a
 * longer plan is made in parts.
 */
export const MAX_UNDO_BYTES = 24_000;

/** The job looks so often whether it is still needed, and acts after so many looks (75 s). */
const LOOK_SECONDS = 3;
const LOOKS = 25;
/** Netwatch acts where the job is gone: after so long, or at once when the router was restarted. */
export const WATCH_ACTS_AFTER_SECONDS = 90;

/** The netwatch row that is both the undo after a restart and the sign that an undo is wanted at all. */
export const WATCH = '/tool/netwatch';
export const SCHEDULER = '/system/scheduler';
/** The two hosts a watch may have: the second tells the job not to wait any longer. Both answer on any router. */
export const WATCHED = '127.0.0.1';
export const HURRIED = '127.0.0.2';

/**
 * The lines that take `changes` back, the last one first. Each is loaded by itself, so that one that this version does
 * not know keeps no other from running; each may run again, or where its change was never made, and does nothing then.
 * `ttBad` counts those that failed. Throws `InvalidRequest` and `TooLarge`.
 */
export function inverse(changes: readonly Change[]): string {
  const steps = changes
    .toReversed()
    .map((change) => `:do { [[:parse ${quote(step(change))}]] } on-error={ :set ttBad ($ttBad + 1) }`);
  const text = [':local ttBad 0', ...steps].join('\n');
  if (Buffer.byteLength(text) > MAX_UNDO_BYTES)
    throw new RouterOsError(
      'TooLarge',
      `What undoes these ${changes.length} changes is longer than ${MAX_UNDO_BYTES} bytes: make them in parts.`,
    );
  return text;
}

function step(change: Change): string {
  const { kind, path } = change;
  if (!/^(\/[a-z0-9][a-z0-9-]*)+$/.test(path)) throw invalid('a menu has a name that RouterOS cannot have');
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

/** `comment` is that of the watch, which no other undo has. */
const armed = (comment: string): string => `[${WATCH}/find where comment=${quote(comment)}]`;

/** Where something could not be undone the watch stays, so that we hear of it and it is tried again. */
const disarm = (comment: string): string[] => [
  ':if ($ttBad = 0) do={',
  `:do { ${SCHEDULER}/remove [find where comment=${quote(comment)}] } on-error={}`,
  `${WATCH}/remove ${armed(comment)}`,
  '}',
];

/**
 * The job in the background: it waits as long as the watch is there, and then undoes. It has the rights of our user.
 * `isSafe`: a session of ours holds safe mode, which a router lets go of only minutes after the connection was cut; what
 * could be undone by that is undone by it first.
 */
export function jobText(undo: string, comment: string, isSafe: boolean): string {
  return [
    ':local ttLooks 0',
    `:while ([:len ${armed(comment)}] > 0 and $ttLooks < ${LOOKS}) do={`,
    `:delay ${LOOK_SECONDS}s`,
    ':set ttLooks ($ttLooks + 1)',
    `:foreach ttRow in=${armed(comment)} do={`,
    `:if ([:tostr [${WATCH}/get $ttRow host]] = ${quote(HURRIED)}) do={ :set ttLooks ${LOOKS} }`,
    '}',
    '}',
    `:if ([:len ${armed(comment)}] > 0) do={`,
    ...(isSafe ? [`:do { [[:parse ${quote('/safe-mode/unroll')}]] } on-error={}`] : []),
    undo,
    ...disarm(comment),
    '}',
  ].join('\n');
}

/**
 * What the watch, and a scheduler where users are changed, runs each few seconds. `uptimeSeconds` is the router's when it is put there: an uptime below that means
 * a restart. Netwatch has the rights read, write, test and reboot (MikroTik manual, Netwatch).
 */
export function watchText(undo: string, comment: string, uptimeSeconds: number): string {
  const latest = uptimeSeconds + WATCH_ACTS_AFTER_SECONDS;
  return [
    ':local ttUp [/system/resource/get uptime]',
    `:if ([:len ${armed(comment)}] > 0 and ($ttUp < ${uptimeSeconds}s or $ttUp > ${latest}s)) do={`,
    undo,
    ...disarm(comment),
    '}',
  ].join('\n');
}

const invalid = (what: string): RouterOsError =>
  new RouterOsError('InvalidRequest', `This change cannot be made under an undo: ${what}.`);
