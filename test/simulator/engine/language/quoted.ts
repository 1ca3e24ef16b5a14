import type { Expression } from './ast.ts';
import { IncompleteFault } from './fault.ts';
import type { Scanner } from './scanner.ts';

/** One character each (tikoci/centrs swept every byte on 7.23.3); `\_` is a blank. */
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  $: '$',
  '?': '?',
  _: ' ',
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function readEscape(scanner: Scanner): string {
  const start = scanner.at;
  scanner.at += 1;
  if (scanner.isAtEnd) throw new IncompleteFault(`syntax error ${scanner.position()}`);
  if (scanner.take(/\r?\n|[ \t\r]/y) !== '') return '';
  const hex = scanner.take(/[0-9A-F]{2}/y);
  if (hex !== '') return String.fromCharCode(Number.parseInt(hex, 16));
  const meant = ESCAPES[scanner.here];
  if (meant === undefined) throw scanner.fault('syntax error', start);
  scanner.at += 1;
  return meant;
}

/** What follows `$` in a string or a value: a name of letters and digits, or any name in quotes. */
export function readVariable(scanner: Scanner): Expression {
  const name = scanner.take(/\$[A-Za-z0-9]+/y).slice(1);
  if (name !== '') return { kind: 'variable', name };
  const quoted = scanner.take(/\$"[A-Za-z0-9_.-]+"/y).slice(2, -1);
  if (quoted !== '') return { kind: 'variable', name: quoted };
  throw scanner.fault('syntax error', scanner.at + 1);
}

/** Readers of what stands in `$[…]` and `$(…)`. */
interface Substitutions {
  command(): Expression;
  group(): Expression;
}

/** A double-quoted string, the only kind there is. The cursor stands on its first quote. */
export function readQuoted(scanner: Scanner, substitutions: Substitutions): Expression {
  const parts: (string | Expression)[] = [];
  let text = '';
  scanner.at += 1;
  for (;;) {
    text += scanner.take(/[^"\\$]+/y);
    if (scanner.isAtEnd) throw new IncompleteFault(`syntax error ${scanner.position()}`);
    if (scanner.here === '"') break;
    if (scanner.here === '\\') {
      text += readEscape(scanner);
      continue;
    }
    parts.push(text);
    text = '';
    const next = scanner.text[scanner.at + 1];
    if (next === undefined) throw new IncompleteFault(`syntax error ${scanner.position()}`);
    if (next === '[' || next === '(') {
      scanner.at += 1;
      parts.push(next === '[' ? substitutions.command() : substitutions.group());
    } else parts.push(readVariable(scanner));
  }
  scanner.at += 1;
  parts.push(text);
  return { kind: 'text', parts: parts.filter((part) => part !== '') };
}
