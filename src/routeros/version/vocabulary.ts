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

function readMenu({ versions = '', commands, properties = '', only = {} }: MenuEntry): Menu {
  const menu: Menu = { span: readWord(`@${versions}`).span, commands: new Map() };
  for (const word of words(commands)) {
    const { name, span } = readWord(word);
    const shared = name === 'add' || name === 'set' ? properties : '';
    const given = words(`${shared} ${only[name] ?? ''}`).map(readWord);
    menu.commands.set(name, { span, arguments: new Map(given.map((one) => [one.name, one.span])) });
  }
  return menu;
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
