import type { MenuEntry } from './entry.ts';
import { readWord, type Span } from './span.ts';
import { MENUS } from './table.ts';

interface Menu {
  span: Span;
  /** Command → since when, and its arguments. */
  commands: Map<string, { span: Span; arguments: Map<string, Span> }>;
}

const read = new Map<string, Menu>();

/** The table's entry for a menu, read once. */
export function menuOf(path: string): Menu | undefined {
  const known = read.get(path);
  if (known !== undefined) return known;
  const entry = Object.hasOwn(MENUS, path) ? MENUS[path] : undefined;
  if (entry === undefined) return undefined;
  const made = readMenu(entry);
  read.set(path, made);
  return made;
}

/** What these take in every menu: rows are named by `numbers`, a single has none. */
const OF_ROWS: Readonly<Record<string, string>> = {
  print: 'where as-value count-only detail',
  get: 'number value-name',
  find: 'where',
  set: 'numbers',
  remove: 'numbers',
  enable: 'numbers',
  disable: 'numbers',
  comment: 'numbers comment',
  move: 'numbers destination',
  unset: 'numbers value-name',
};
const OF_ONE: Readonly<Record<string, string>> = { print: 'as-value', get: 'value-name' };

function readMenu({ versions = '', commands, properties = '', only = {} }: MenuEntry): Menu {
  const menu: Menu = { span: readWord(`@${versions}`).span, commands: new Map() };
  // The root's `find` and `set` are of the language.
  const isOfRows = /\bprint\b.*\bfind\b/.test(commands);
  const isOfOne = !isOfRows && /\bprint\b/.test(commands);
  for (const word of words(commands)) {
    const { name, span } = readWord(word);
    const shared = name === 'add' || name === 'set' ? properties : '';
    const standard = (isOfRows ? OF_ROWS[name] : isOfOne ? OF_ONE[name] : undefined) ?? '';
    const given = words(`${shared} ${only[name] ?? ''} ${standard}`).map(readWord);
    menu.commands.set(name, { span, arguments: new Map(given.map((one) => [one.name, one.span])) });
  }
  return menu;
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
