import type { Argument, Menu } from '../configuration/definition.ts';
import { writable } from '../configuration/read.ts';
import { inSpan, type Version } from '../version.ts';
import { LANGUAGE } from './vocabulary.ts';

export type Found =
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

  constructor(menus: ReadonlyMap<string, Menu>, version: Version) {
    this.#menus = menus;
    this.version = version;
  }

  word(path: string, word: string): Found | undefined {
    const menu = this.#menus.get(path);
    const under = path === '/' ? '/' : `${path}/`;
    const children = [...this.#menus.keys()]
      .filter((candidate) => candidate.startsWith(under) && candidate !== '/')
      .map((candidate) => candidate.slice(under.length))
      .filter((rest) => !rest.includes('/'));
    const commands = Object.entries(menu?.commands ?? {}).filter(([, command]) =>
      inSpan(this.version, command),
    );
    const names = [...children, ...commands.map(([name]) => name)];
    const language = path === '/' ? this.#language() : [];
    const name = pick(word, [...names, ...language]);
    if (name === undefined) return undefined;
    if (children.includes(name)) return { kind: 'menu', path: `${under}${name}` };
    if (menu && name in menu.commands) return { kind: 'command', menu, name };
    return { kind: 'language', name };
  }

  /** A command of the language, which every menu knows. */
  language(word: string): Found | undefined {
    const name = pick(word, this.#language());
    return name === undefined ? undefined : { kind: 'language', name };
  }

  #language(): string[] {
    return Object.keys(LANGUAGE).filter((name) => inSpan(this.version, LANGUAGE[name] ?? {}));
  }

  /** The argument `word` of a menu's command; `!name` unsets a property. */
  argument(menu: Menu, command: string, word: string): Argument | undefined {
    const definition = menu.commands[command];
    if (!definition) return undefined;
    const own = definition.arguments.filter((argument) => inSpan(this.version, argument));
    const properties = definition.properties
      ? writable(menu, { version: this.version }, definition.properties).map(({ name }) => name)
      : [];
    const not = word.startsWith('!') ? '!' : '';
    const name = pick(word.slice(not.length), [
      ...new Set([...own.map((argument) => argument.name), ...properties]),
    ]);
    if (name === undefined) return undefined;
    const argument = own.find((candidate) => candidate.name === name);
    return { ...(argument ?? {}), name: `${not}${name}` };
  }
}
