import type { Expression } from './ast.ts';
import { readLiteral } from './literal.ts';
import type { Parser } from './parser.ts';
import { readQuoted, readVariable } from './quoted.ts';
import { str } from './value.ts';

/** Bytes of an unquoted value: `=`, quotes, `$`, backslashes, brackets and bytes beyond ASCII end or break it. */
const BARE = /[A-Za-z0-9._:/,@!*+%~^<>&|-]+/y;
const BARE_KEY = /[A-Za-z0-9._:/@!*+%-]+/y;
/** What may follow a value. */
const AFTER = new Set(['', ' ', '\t', '\n', '\r', ';', ']', '}', ')', '\\']);

/**
 * One value of an argument. `follow` names what may stand right behind it besides blanks and ends.
 * @throws {SyntaxFault}
 */
export function readValue(parser: Parser, follow = ''): Expression {
  const { scanner } = parser;
  const value = readOne(parser, follow === '=' ? BARE_KEY : BARE);
  if (AFTER.has(scanner.here) || (follow !== '' && scanner.here === follow)) return value;
  throw scanner.fault('expected end of command');
}

function readOne(parser: Parser, bare: RegExp): Expression {
  const { scanner } = parser;
  switch (scanner.here) {
    case '"':
      return readQuoted(scanner, {
        command: () => parser.command(),
        group: () => parser.expressions.group(),
      });
    case '$':
      return readVariable(scanner);
    case '[':
      return parser.command();
    case '(':
      return parser.expressions.group();
    case '{':
      return parser.array();
    default: {
      const raw = scanner.take(bare);
      if (raw === '') throw scanner.fault();
      return { kind: 'literal', value: readLiteral(raw), raw };
    }
  }
}

/** `{ … }` kept as it is written: `source=`, `on-event=`. */
export function readScriptText(parser: Parser): Expression {
  const { scanner } = parser;
  if (scanner.here !== '{') return readValue(parser);
  const start = scanner.at + 1;
  parser.block();
  const raw = scanner.text.slice(start, scanner.at - 1);
  return { kind: 'literal', value: str(raw), raw };
}
