import type { Argument, Menu } from '../configuration/definition.ts';
import { writable } from '../configuration/read.ts';
import { inSpan, type Version } from '../version.ts';
import { LANGUAGE } from './vocabulary.ts';

type Found =
  | { kind: 'menu'; path: string }
  | { kind: 'command'; menu: Menu; name: string }
  | { kind: 'language'; name: string };

const pick = (word: string, names: readonly string[]): string | undefined => {
  if (names.includes(word)) return word;
  const longer = names.filter((name) => name.startsWith(word));
  return longer.length === 1 ? longer[0] : undefined;
};

/** What words mean to one version of RouterOS: exact names first, then the only one that starts so. */
export class Lookup {
  readonly #menus: ReadonlyMap<string, Menu>;
  readonly version: Version;
  readonly #language: readonly string[];
  readonly #names = new Map<string, { children: readonly string[]; all: readonly string[] }>();
  readonly #arguments = new Map<string, ReadonlyMap<string, Argument>>();

  constructor(menus: ReadonlyMap<string, Menu>, version: Version) {
    this.#menus = menus;
    this.version = version;
    this.#language = Object.keys(LANGUAGE).filter((name) => inSpan(version, LANGUAGE[name] ?? {}));
  }

  /** Submenus of a menu, its commands, and at the root those of the language. */
  names(path: string): { children: readonly string[]; all: readonly string[] } {
    const known = this.#names.get(path);
    if (known) return known;
    const under = path === '/' ? '/' : `${path}/`;
    const children = [...this.#menus.keys()]
      .filter((candidate) => candidate.startsWith(under) && candidate !== '/')
      .map((candidate) => candidate.slice(under.length))
      .filter((rest) => !rest.includes('/'));
    const commands = Object.entries(this.#menus.get(path)?.commands ?? {})
      .filter(([, command]) => inSpan(this.version, command))
      .map(([name]) => name);
    const made = { children, all: [...children, ...commands, ...(path === '/' ? this.#language : [])] };
    this.#names.set(path, made);
    return made;
  }

  word(path: string, word: string): Found | undefined {
    const menu = this.#menus.get(path);
    const under = path === '/' ? '/' : `${path}/`;
    const { children, all } = this.names(path);
    const name = pick(word, all);
    if (name === undefined) return undefined;
    if (children.includes(name)) return { kind: 'menu', path: `${under}${name}` };
    if (menu && name in menu.commands) return { kind: 'command', menu, name };
    return { kind: 'language', name };
  }

  /** A command of the language, which every menu knows. */
  language(word: string): Found | undefined {
    const name = pick(word, this.#language);
    return name === undefined ? undefined : { kind: 'language', name };
  }

  /** The argument `word` of a menu's command; `!name` unsets a property. */
  argument(menu: Menu, command: string, word: string): Argument | undefined {
    const not = word.startsWith('!') ? '!' : '';
    const known = this.#argumentsOf(menu, command);
    const name = pick(word.slice(not.length), [...known.keys()]);
    return name === undefined ? undefined : { ...known.get(name), name: `${not}${name}` };
  }

  #argumentsOf(menu: Menu, command: string): ReadonlyMap<string, Argument> {
    const key = `${menu.path} ${command}`;
    const found = this.#arguments.get(key);
    if (found) return found;
    const definition = menu.commands[command];
    const made = new Map<string, Argument>();
    if (definition?.properties) {
      for (const { name } of writable(menu, { version: this.version }, definition.properties))
        made.set(name, { name });
    }
    for (const argument of definition?.arguments ?? []) {
      if (inSpan(this.version, argument)) made.set(argument.name, argument);
    }
    this.#arguments.set(key, made);
    return made;
  }
}
