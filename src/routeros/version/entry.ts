/**
 * How the tables are written. Words are separated by blanks; `name@7.16` is there from 7.16 on, `name@7.15-7.17` from 7.15
 * until before 7.17, `name@-7.18` until before 7.18.
 */
export interface MenuEntry {
  /** Of the menu as a whole; absent: every version has it. */
  readonly versions?: string;
  readonly commands: string;
  /** Arguments of both `add` and `set`. */
  readonly properties?: string;
  /** Arguments of one command alone, by its name. */
  readonly only?: Readonly<Record<string, string>>;
}

export const ROWS = 'print get find add set remove';
export const SWITCHED = `${ROWS} enable disable`;
export const RULES = `${SWITCHED} comment move unset`;
export const SINGLE = 'print get set';
