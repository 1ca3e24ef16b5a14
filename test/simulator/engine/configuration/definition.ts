import type { Jobs } from '../jobs.ts';
import type { SafeMode } from '../safe-mode.ts';
import type { DeviceMode } from '../types.ts';
import type { ValueType } from '../values/types.ts';
import type { Span, Version } from '../version.ts';
import type { Configuration, Entry } from './store.ts';

/** Values by property name, canonical text; unset properties are missing. */
export type Values = Record<string, string>;

export interface Property extends Span {
  name: string;
  type: ValueType;
  /** What an unset property reads as; without one it is not in the row at all. */
  default?: string;
  /** Only read: `set` and `add` do not know it. */
  readOnly?: true;
  /** `add` refuses without it. */
  required?: true;
  /** `masked`: reads `*****` without the policy `sensitive`; `hidden`: never reads. */
  secret?: 'masked' | 'hidden';
  /** Taken by one of the two commands only. */
  only?: 'add' | 'set';
  /** Names rows of another menu: the value must be one of their names (`!` allowed when `negatable`). */
  reference?: string;
  negatable?: true;
  /** Words that count as names besides those rows (`all`, `none`). */
  words?: readonly string[];
  /** Writes go to this property instead, and it is not read: `address` of 7.24's `/ip/service`. */
  writesTo?: { property: string; since: string };
}

/** An argument that is not a property (`place-before`, `where`, `as-value`). */
export interface Argument extends Span {
  name: string;
  /** `flag` stands alone, `where` takes the rest of the line as a condition, `script` takes `{…}` as text. */
  form?: 'flag' | 'where' | 'script';
}

export interface Command extends Span {
  arguments: readonly Argument[];
  /** Takes the menu's properties too, of this kind. */
  properties?: 'add' | 'set';
  /** Arguments that may come without their name, in order. */
  positional?: readonly string[];
  /** Policy needed; default by command (print, get and find read; all others write). */
  policy?: string;
  /** What it does, for commands that are this menu's own. */
  run?: (call: Call) => Outcome;
}

export interface Call {
  arguments: Values;
  context: Context;
  /** All menus of this router, for commands that tell of them. */
  menus?: readonly Menu[];
}

/** `ret` becomes the value of `[…]` and `=ret=`; `rows` become `!re`; `text` is printed. */
export interface Outcome {
  ret?: string;
  rows?: Values[];
  text?: string;
}

/** Who asks, and what a decision may depend on. */
export interface Context {
  version: Version;
  board: string;
  serialNumber: string;
  now: number;
  /** When the router was switched on. */
  bootedAt: number;
  random: (size: number) => Uint8Array;
  configuration: Configuration;
  user: string;
  policies: ReadonlySet<string>;
  /** Whose command it is: an API connection, a job. Empty where nothing depends on it. */
  session: string;
  safeMode: SafeMode;
  jobs: Jobs;
  deviceMode: DeviceMode | undefined;
  freeStorageBytes: number;
  /** Runs text as a script in the background, with the rights of `user`; returns the job's `.id`. */
  execute: (script: string) => string;
  /** Runs it to its end, where nothing can be waited for; returns what it printed. */
  print: (script: string) => string;
  /** Makes rows anew that follow from others, after a change that went past their menus. */
  derive: () => void;
}

/** A menu's own rules. All may throw a {@link RouterOsTrap}; `values` and `changes` may be completed in place. */
export interface Rules {
  add?(values: Values, context: Context): void;
  set?(entry: Entry, changes: Values, context: Context): void;
  remove?(entry: Entry, context: Context): void;
  /** After any change in this menu: keeps derived rows right. */
  changed?(context: Context): void;
  /** Read-only values of a row. */
  computed?(entry: Entry, context: Context): Values;
}

export interface Menu extends Span {
  path: string;
  kind: 'rows' | 'single' | 'directory';
  commands: Readonly<Record<string, Command>>;
  properties: readonly Property[];
  /** Where rows are kept, if not under the menu's own path. */
  store?: string;
  /** Which rows of the store are this menu's: `type=wg` of `/interface`. */
  filter?: { property: string; value: string };
  /** Rows may be given by the value of `name`. */
  named?: true;
  /** The order of rows means something. */
  ordered?: true;
  /** Versions whose rows say `dynamic`; without it all do. Menus that show no such flag: `none`. */
  dynamicFlag?: Span | 'none';
  /** Policy that changing commands need besides `write`. */
  policy?: string;
  /** Boards that lack it. */
  absentOn?: (board: string) => boolean;
  rules?: Rules;
}
