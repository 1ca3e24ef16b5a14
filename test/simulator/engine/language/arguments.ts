import type { Menu } from '../configuration/definition.ts';
import { record } from '../recorder.ts';
import type { Expression, NamedValue, Statement } from './ast.ts';
import type { Parser } from './parser.ts';
import { str } from './value.ts';
import { readScriptText, readValue } from './values.ts';
import { type Form, LANGUAGE } from './vocabulary.ts';

const NOTHING: Expression = { kind: 'literal', value: str(''), raw: '' };
const NAME = /!?\.?[a-z][a-z0-9.-]*/y;

const isEnd = (parser: Parser): boolean => ['', ';', '\n', '\r', '}', ']', ')'].includes(parser.scanner.here);

/** `name=` if one stands here, with where it starts; else the cursor does not move. */
function readName(parser: Parser): { name: string; start: number } | undefined {
  const { scanner } = parser;
  const start = scanner.at;
  const name = scanner.take(NAME);
  if (name !== '' && scanner.here === '=') {
    scanner.at += 1;
    return { name, start };
  }
  scanner.at = start;
  return undefined;
}

/** Behind `=` blanks are skipped, so `name= more=yes` takes `more` and stumbles over `=` (tik4net, §13.1). */
function readNamed(parser: Parser, read: () => Expression): Expression {
  parser.scanner.skipBlanks();
  return isEnd(parser) ? NOTHING : read();
}

/** Arguments of a function, or of a command nobody knows. */
export function readLooseArguments(parser: Parser): NamedValue[] {
  const found: NamedValue[] = [];
  for (;;) {
    parser.scanner.skipBlanks();
    if (isEnd(parser)) return found;
    const named = readName(parser);
    found.push(
      named
        ? { name: named.name, value: readNamed(parser, () => readValue(parser)) }
        : { value: readValue(parser) },
    );
  }
}

function readForm(parser: Parser, form: Form): Expression {
  const { scanner } = parser;
  if (form === 'value') return readValue(parser);
  if (form === 'code') {
    if (scanner.here !== '{') throw scanner.fault();
    return { kind: 'code', body: parser.block() };
  }
  if (scanner.here === '(') return parser.expressions.group();
  const raw = scanner.take(/[A-Za-z0-9]+(,[A-Za-z0-9]+)?|"[A-Za-z0-9_.-]+"/y);
  if (raw === '') throw scanner.fault();
  return { kind: 'literal', value: str(raw.replaceAll('"', '')), raw };
}

/** @throws {SyntaxFault} */
export function readLanguageArguments(parser: Parser, command: string): Map<string, Expression> {
  const given = readLanguageWords(parser, command);
  record('script', parser.lookup.version.text, '/', command, given.keys());
  return given;
}

function readLanguageWords(parser: Parser, command: string): Map<string, Expression> {
  const { scanner } = parser;
  const definition = LANGUAGE[command];
  const given = new Map<string, Expression>();
  for (;;) {
    scanner.skipBlanks();
    if (!definition || isEnd(parser)) return given;
    const named = readName(parser);
    if (named) {
      const form = definition.arguments[named.name];
      if (form === undefined || given.has(named.name))
        throw scanner.fault('expected end of command', scanner.at - 1);
      given.set(
        named.name,
        readNamed(parser, () => readForm(parser, form)),
      );
      continue;
    }
    const name = definition.positional.find((candidate) => !given.has(candidate));
    const form = name === undefined ? undefined : definition.arguments[name];
    if (name === undefined || form === undefined) throw scanner.fault('expected end of command');
    given.set(name, readForm(parser, form));
  }
}

interface Reading {
  arguments: Map<string, Expression>;
  flags: Set<string>;
  where?: Expression;
  fault?: string;
}

/** `where …` and, for `find`, a condition without the word. */
function readWhere(parser: Parser, command: string, reading: Reading): boolean {
  const { scanner } = parser;
  const start = scanner.at;
  const said = scanner.take(/where(?![A-Za-z0-9=-])/y) !== '';
  if (!said && command !== 'find') {
    scanner.at = start;
    return false;
  }
  scanner.skipBlanks();
  if (!isEnd(parser)) reading.where = parser.expressions.condition();
  return true;
}

function readArgument(parser: Parser, menu: Menu, command: string, reading: Reading): void {
  const { scanner, lookup } = parser;
  const named = readName(parser);
  if (named) {
    const argument = lookup.argument(menu, command, named.name);
    if (!argument) {
      const at = scanner.at - 1;
      record('script', lookup.version.text, menu.path, command, [named.name], false);
      if (!parser.defers) throw scanner.fault('expected end of command', at);
      reading.fault ??= `bad parameter ${named.name} ${scanner.position(at)}`;
    }
    const isScript = argument?.form === 'script';
    const value = readNamed(parser, () => (isScript ? readScriptText(parser) : readValue(parser)));
    if (argument && reading.arguments.has(argument.name))
      throw scanner.fault('expected end of command', named.start);
    if (argument) reading.arguments.set(argument.name, value);
    return;
  }
  const start = scanner.at;
  const word = scanner.take(NAME);
  const flag =
    word === '' || !/[\s;\]})]|^$/.test(scanner.here) ? undefined : lookup.argument(menu, command, word);
  if (flag && (flag.form === 'flag' || flag.name.startsWith('!'))) {
    if (flag.form === 'flag') reading.flags.add(flag.name);
    else reading.arguments.set(flag.name, NOTHING);
    return;
  }
  scanner.at = start;
  const position = menu.commands[command]?.positional?.find((name) => !reading.arguments.has(name));
  if (position === undefined) throw scanner.fault('expected end of command');
  reading.arguments.set(position, readValue(parser));
}

/** @throws {SyntaxFault} */
export function readArguments(parser: Parser, menu: Menu, command: string): Statement {
  const { scanner, lookup } = parser;
  const reading: Reading = { arguments: new Map(), flags: new Set() };
  for (;;) {
    scanner.skipBlanks();
    if (isEnd(parser)) break;
    if ((command === 'print' || command === 'find') && readWhere(parser, command, reading)) break;
    readArgument(parser, menu, command, reading);
  }
  if (reading.fault !== undefined) return { kind: 'fault', message: reading.fault };
  const { arguments: given, flags, where } = reading;
  const words = [...given.keys(), ...flags, ...(where ? ['where'] : [])];
  record('script', lookup.version.text, menu.path, command, words);
  return { kind: 'menu', menu, command, arguments: given, flags, ...(where ? { where } : {}) };
}
