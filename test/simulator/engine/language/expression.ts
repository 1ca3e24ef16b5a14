import type { Expression } from './ast.ts';
import { readLiteral } from './literal.ts';
import { readQuoted, readVariable } from './quoted.ts';
import type { Scanner } from './scanner.ts';
import { bool } from './value.ts';

/** Loosest first: measured on 7.21.5, 7.23.3 and 7.24rc4 (tikoci/centrs, operator sweep). */
const LEVELS: readonly (readonly [string, string][])[] = [
  [[',', ',']],
  [
    ['||', 'or'],
    ['or', 'or'],
  ],
  [
    ['&&', 'and'],
    ['and', 'and'],
  ],
  [['in', 'in']],
  [
    ['<=', '<='],
    ['>=', '>='],
    ['!=', '!='],
    ['=', '='],
    ['~', '~'],
    ['<', '<'],
    ['>', '>'],
  ],
  [['.', '.']],
  [
    ['<<', '<<'],
    ['>>', '>>'],
  ],
  [['|', '|']],
  [['^', '^']],
  [['&', '&']],
  [
    ['+', '+'],
    ['-', '-'],
  ],
  [
    ['*', '*'],
    ['/', '/'],
    ['%', '%'],
  ],
  [['->', '->']],
];

const NUMBER =
  /\d+\.\d+\.\d+\.\d+(\/\d+)?|0x[0-9A-Fa-f]+|\d+:\d\d(:\d\d)?|(\d+(ms|[wdhms]))+(?![A-Za-z0-9])|\d+/y;
/** A bare value right behind `=`: anything that no bracket, quote or blank ends. */
const BARE = /[A-Za-z0-9._:/*@+%-]+/y;

interface ExpressionReaders {
  command(): Expression;
  array(): Expression;
}

/** Reads `( … )` and what follows `where`. */
export class ExpressionReader {
  readonly #scanner: Scanner;
  readonly #readers: ExpressionReaders;
  /** Under `where`: names of fields have hyphens and dots. */
  #fields = false;

  constructor(scanner: Scanner, readers: ExpressionReaders) {
    this.#scanner = scanner;
    this.#readers = readers;
  }

  /** `( … )`, the cursor on the bracket. */
  group(): Expression {
    return this.#scanner.within('(', ')', () => {
      const expression = this.#level(0, false);
      this.#scanner.skipSpace();
      return expression;
    });
  }

  /** A condition up to the end of the statement; bare words are fields. */
  condition(): Expression {
    const before = this.#fields;
    this.#fields = true;
    const expression = this.#level(1, true);
    this.#fields = before;
    return expression;
  }

  #skip(line: boolean): void {
    if (line) this.#scanner.skipBlanks();
    else this.#scanner.skipSpace();
  }

  #operator(level: number): string | undefined {
    for (const [spelling, meaning] of LEVELS[level] ?? []) {
      if (!this.#scanner.startsWith(spelling)) continue;
      const after = this.#scanner.text.slice(this.#scanner.at, this.#scanner.at + 2);
      const isPart =
        (after === '<<' || after === '>>' || after === '->' || after === '&&' || after === '||') &&
        spelling.length === 1;
      const isWord = /^[a-z]/.test(spelling);
      const next = this.#scanner.text[this.#scanner.at + spelling.length] ?? '';
      if (isPart || (isWord && /[A-Za-z0-9]/.test(next))) continue;
      this.#scanner.at += spelling.length;
      return meaning;
    }
    return undefined;
  }

  /** `line`: a line end ends the expression. */
  #level(level: number, line: boolean): Expression {
    if (level >= LEVELS.length) return this.#unary(line);
    let left = this.#level(level + 1, line);
    for (;;) {
      this.#skip(line);
      const operator = this.#operator(level);
      if (operator === undefined) return left;
      const isComparison = level === 4;
      const bare = isComparison || operator === ',' ? this.#bare() : undefined;
      const right = bare ?? this.#level(level + 1, line);
      left = { kind: 'binary', operator, left, right };
    }
  }

  /** `field=word`, `1,word`: a bare word right behind the operator is a value, not a name. */
  #bare(): Expression | undefined {
    if (!/[A-Za-z0-9*]/.test(this.#scanner.here)) return undefined;
    const raw = this.#scanner.take(BARE);
    return { kind: 'literal', value: readLiteral(raw), raw };
  }

  #unary(line: boolean): Expression {
    const operators: string[] = [];
    for (;;) {
      this.#skip(line);
      const operator = this.#scanner.take(/[!~-]|any(?![A-Za-z0-9-])/y);
      if (operator === '') break;
      operators.push(operator);
    }
    const operand = this.#primary();
    return operators.reduceRight<Expression>(
      (inner, operator) => ({ kind: 'unary', operator, operand: inner }),
      operand,
    );
  }

  #primary(): Expression {
    const scanner = this.#scanner;
    switch (scanner.here) {
      case '"':
        return readQuoted(scanner, { command: () => this.#readers.command(), group: () => this.group() });
      case '$':
        if (scanner.text[scanner.at + 1] === '[' || scanner.text[scanner.at + 1] === '(')
          throw scanner.fault();
        return readVariable(scanner);
      case '[':
        return this.#readers.command();
      case '(':
        return this.group();
      case '{':
        return this.#readers.array();
      case '*': {
        const raw = scanner.take(/\*[0-9A-Fa-f]+/y);
        if (raw === '') throw scanner.fault();
        return { kind: 'literal', value: readLiteral(raw), raw };
      }
      default:
        return this.#word();
    }
  }

  #word(): Expression {
    const scanner = this.#scanner;
    const raw = scanner.take(NUMBER);
    if (raw !== '') return { kind: 'literal', value: readLiteral(raw), raw };
    const name = scanner.take(this.#fields ? /\.?[A-Za-z][A-Za-z0-9-]*/y : /[A-Za-z][A-Za-z0-9]*/y);
    if (name === '') throw scanner.fault();
    if (['true', 'yes', 'false', 'no'].includes(name)) {
      return { kind: 'literal', value: bool(name === 'true' || name === 'yes'), raw: name };
    }
    if (['and', 'or', 'in'].includes(name)) throw scanner.fault('syntax error', scanner.at - name.length);
    return { kind: 'word', name };
  }
}
