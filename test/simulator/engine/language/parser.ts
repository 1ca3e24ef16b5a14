import type { Menu } from '../configuration/definition.ts';
import { atLeast } from '../version.ts';
import { readArguments, readLanguageArguments, readLooseArguments } from './arguments.ts';
import type { Expression, Statement } from './ast.ts';
import { ExpressionReader } from './expression.ts';
import type { Lookup } from './lookup.ts';
import { Scanner } from './scanner.ts';
import { readValue } from './values.ts';

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/**
 * Reads a script against the menus of one version. What the version lacks stops the whole text from loading before
 * 7.23; from 7.23 it is said when that statement runs (tikoci/centrs: `:parse` answers `(evl bad parameter …)`).
 */
export class Parser {
  readonly scanner: Scanner;
  readonly lookup: Lookup;
  readonly expressions: ExpressionReader;
  readonly defers: boolean;
  #path: string;

  constructor(text: string, path: string, lookup: Lookup) {
    this.scanner = new Scanner(text);
    this.lookup = lookup;
    this.defers = atLeast(lookup.version, '7.23');
    this.#path = path;
    this.expressions = new ExpressionReader(this.scanner, {
      command: () => this.command(),
      array: () => this.array(),
    });
  }

  /** The whole text. @throws {SyntaxFault} */
  program(): Statement[] {
    const body = this.#statements('');
    if (!this.scanner.isAtEnd) throw this.scanner.fault();
    return body;
  }

  /** `{ … }` as statements, in the menu where it stands. */
  block(path = this.#path): Statement[] {
    const before = this.#path;
    this.#path = path;
    const body = this.scanner.within('{', '}', () => this.#statements('}'));
    this.#path = before;
    return body;
  }

  /** `[ … ]`. */
  command(): Expression {
    const before = this.#path;
    const body = this.scanner.within('[', ']', () => this.#statements(']'));
    this.#path = before;
    return { kind: 'command', body };
  }

  /** `{1;2;"key"=3}`; `{}` is a syntax error. */
  array(): Expression {
    const { scanner } = this;
    const items: { key?: Expression; value: Expression }[] = [];
    scanner.within('{', '}', () => {
      do {
        scanner.skipSpace();
        const first = readValue(this, '=');
        if (scanner.here === '=') {
          scanner.at += 1;
          items.push({ key: first, value: readValue(this, '=') });
        } else items.push({ value: first });
        scanner.skipSpace();
      } while (scanner.take(/;/y) !== '');
    });
    return { kind: 'array', items };
  }

  #statements(close: '' | '}' | ']'): Statement[] {
    const body: Statement[] = [];
    for (;;) {
      this.scanner.skipToStatement();
      if (this.scanner.isAtEnd || (close !== '' && this.scanner.here === close)) return body;
      const statement = this.#statement();
      body.push(statement);
      this.scanner.skipBlanks();
      const { here } = this.scanner;
      if (!['', ';', '\n', '\r'].includes(here) && (close === '' || here !== close)) {
        throw this.scanner.fault('expected end of command');
      }
    }
  }

  #statement(): Statement {
    const { scanner } = this;
    switch (scanner.here) {
      case '{':
        return { kind: 'block', body: this.block() };
      case '[':
      case '$':
      case '(': {
        const target = readValue(this);
        return { kind: 'call', target, arguments: readLooseArguments(this) };
      }
      case ':':
        scanner.at += 1;
        return this.#directive();
      case '/': {
        scanner.at += 1;
        if (scanner.here === '/' || scanner.here === ':') throw scanner.fault();
        return this.#walk('/');
      }
      default:
        return this.#walk(this.#path);
    }
  }

  #directive(): Statement {
    const start = this.scanner.at;
    const word = this.scanner.take(/[a-z][a-z0-9-]*/y);
    const found = word === '' ? undefined : this.lookup.language(word);
    if (found?.kind === 'language') return this.#language(found.name, start);
    this.scanner.at = start;
    if (word === '') throw this.scanner.fault('expected command name');
    return this.#walk('/');
  }

  #language(name: string, start: number): Statement {
    return {
      kind: 'language',
      name,
      arguments: readLanguageArguments(this, name),
      position: this.scanner.position(start),
    };
  }

  /** From a menu through its submenus to a command, or to the menu alone. */
  #walk(from: string): Statement {
    const { scanner } = this;
    let path = from;
    let isFirst = true;
    for (;;) {
      scanner.skipBlanks();
      if (['', ';', '\n', '\r', '}', ']'].includes(scanner.here) && !(isFirst && scanner.here === '}')) {
        this.#path = path;
        return { kind: 'enter', path };
      }
      if (scanner.here === '{' && !isFirst) return { kind: 'block', body: this.block(path) };
      if (scanner.take(/\.\./y) !== '') {
        path = parentOf(path);
        scanner.take(/\//y);
        isFirst = false;
        continue;
      }
      const start = scanner.at;
      const word = scanner.take(/[a-z0-9][a-z0-9-]*/y);
      if (word === '')
        throw scanner.fault(/[A-Za-z]/.test(scanner.here) ? 'expected command name' : 'syntax error');
      const found = this.lookup.word(path, word) ?? (isFirst ? this.lookup.language(word) : undefined);
      if (!found) return this.#unknown(word, start);
      if (found.kind === 'language') return this.#language(found.name, start);
      if (found.kind === 'command') return this.#menuCommand(found.menu, found.name);
      path = found.path;
      isFirst = false;
      if (scanner.here === '/') {
        scanner.at += 1;
        if (!/[a-z0-9.]/.test(scanner.here)) throw scanner.fault();
      }
    }
  }

  /** `[find …]` in a command's arguments means that command's menu. */
  #menuCommand(menu: Menu, name: string): Statement {
    const before = this.#path;
    this.#path = menu.path;
    const statement = readArguments(this, menu, name);
    this.#path = before;
    return statement;
  }

  #unknown(word: string, start: number): Statement {
    const message = `bad command name ${word} ${this.scanner.position(start)}`;
    if (!this.defers) throw this.scanner.fault(`bad command name ${word}`, start);
    this.scanner.skipStatement();
    return { kind: 'fault', message };
  }
}
