/** One change of a router's configuration, with what is needed to take it back. */
import type { ApiCommand } from '../api/encoder.ts';
import { RouterOsError } from '../errors.ts';

/** Property names to values in RouterOS's own words; null: unset. */
export type Values = Readonly<Record<string, string | null>>;

/**
 * `path` is the menu without a command (`/ip/firewall/filter`), `id` a row's `.id` (`*1A`) as the router said it.
 *
 * - `add`: `mark` are properties by whose exact values the row, and no other, is found again (`comment`, `name`), since
 *   its id is not known before; `before` the row that it goes before.
 * - `set`: `was` has the former value of each property in `values`, null where it had none. Without `id` it is the one
 *   row of a menu such as `/ip/dns`.
 * - `remove`: with `canDisable` the row is only disabled until the change is proven, and removed then, so that taking it
 *   back restores it whole, with its id, place and secrets. Without it, `row` has all that was set in it and `mark` what
 *   it is recognised by.
 * - `move`: `before` and `wasBefore` are ids; absent: the end.
 * - `run`: a script of ours that the router runs in the background, and the line that takes back what that does.
 */
export type Change =
  | {
      kind: 'add';
      path: string;
      values: Readonly<Record<string, string>>;
      mark: Readonly<Record<string, string>>;
      before?: string;
    }
  | { kind: 'set'; path: string; id?: string; values: Values; was: Values }
  | { kind: 'remove'; path: string; id: string; canDisable: true }
  | {
      kind: 'remove';
      path: string;
      id: string;
      canDisable: false;
      row: Readonly<Record<string, string>>;
      mark: Readonly<Record<string, string>>;
      before?: string;
    }
  | { kind: 'move'; path: string; id: string; before?: string; wasBefore?: string }
  | { kind: 'run'; path: '/execute'; script: string; undo: string };

/** What is sent for a change. `isProven`: a row that could be disabled is now to go. Throws `InvalidRequest`. */
export function commandOf(change: Change, isProven = false): ApiCommand {
  const { kind, path } = change;
  if (kind === 'add') {
    const { values, before } = change;
    const place = before === undefined ? {} : { 'place-before': rowId(before) };
    return { path: `${path}/add`, attributes: { ...values, ...place } };
  }
  if (kind === 'set') {
    const { id, values } = change;
    const attributes = Object.entries(values).map(([name, value]) =>
      value === null ? [`!${name}`, ''] : [name, value],
    );
    const row = id === undefined ? {} : { '.id': rowId(id) };
    return { path: `${path}/set`, attributes: { ...row, ...Object.fromEntries(attributes) } };
  }
  if (kind === 'run') return { path, attributes: { script: change.script } };
  const id = rowId(change.id);
  if (kind === 'move') {
    const place = change.before === undefined ? {} : { destination: rowId(change.before) };
    return { path: `${path}/move`, attributes: { numbers: id, ...place } };
  }
  if (change.canDisable && !isProven) {
    return { path: `${path}/set`, attributes: { '.id': id, disabled: true } };
  }
  return { path: `${path}/remove`, attributes: { '.id': id } };
}

/** An id that a router gave, checked before it goes into a sentence or a script. Throws `InvalidRequest`. */
export function rowId(id: string): string {
  if (/^\*[0-9A-F]{1,16}$/.test(id)) return id;
  throw new RouterOsError('InvalidRequest', 'A row of the router has an id that RouterOS cannot have.');
}
