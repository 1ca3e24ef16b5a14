import type { Context, Menu, Values } from '../configuration/definition.ts';
import { checkPolicy } from '../configuration/dispatch.ts';
import type { Expression, NamedValue, Statement } from '../language/ast.ts';
import { bool, fromBytes, list, NIL, num, str, toText, type Value } from '../language/value.ts';
import { exportText } from '../menus/export.ts';
import { RouterOsTrap } from '../trap.ts';
import type { WorldRequest } from '../types.ts';
import { runLanguageCommand } from './control.ts';
import { asArray, rowsWithFields, rowText, runMenuCommand } from './menu-commands.ts';
import { applyBinary, applyUnary, holds } from './operators.ts';
import { type Box, Scope } from './scope.ts';

/** A run that may have to ask the world; its answer comes back through `next`. */
export type Run<T> = Generator<WorldRequest, T, unknown>;

/** `:return`, `:break`, `:continue`, `:exit` on their way out. */
export class Signal extends Error {
  readonly kind: 'return' | 'break' | 'continue' | 'exit';
  readonly value: Value;

  constructor(kind: Signal['kind'], value: Value = NIL) {
    super(`:${kind}`);
    this.kind = kind;
    this.value = value;
  }
}

/** So that `:while (true)` ends a test, not the test run. */
const MOST_STATEMENTS = 200_000;

export interface InterpreterOptions {
  menus: ReadonlyMap<string, Menu>;
  context: () => Context;
  globals: Map<string, Box>;
  print: (text: string) => void;
  /** Loads text for `:parse`. @throws {SyntaxFault} */
  load: (text: string) => readonly Statement[];
}

/** Runs statements. Refusals are {@link RouterOsTrap}s and end the block they happen in. */
export class Interpreter {
  readonly options: InterpreterOptions;
  #statements = 0;

  constructor(options: InterpreterOptions) {
    this.options = options;
  }

  /** Returns the last statement's value. */
  *run(body: readonly Statement[], scope: Scope): Run<Value> {
    let value: Value = NIL;
    for (const statement of body) {
      this.#statements += 1;
      if (this.#statements > MOST_STATEMENTS) throw new RouterOsTrap('interrupted', 2);
      value = yield* this.#statement(statement, scope);
    }
    return value;
  }

  *#statement(statement: Statement, scope: Scope): Run<Value> {
    switch (statement.kind) {
      case 'block':
        return yield* this.run(statement.body, new Scope(scope));
      case 'enter':
        return NIL;
      case 'fault':
        throw new RouterOsTrap(statement.message, 3);
      case 'language':
        return yield* runLanguageCommand(this, statement, scope);
      case 'menu':
        return yield* this.#menuCommand(statement, scope);
      case 'call':
        return yield* this.#call(statement.target, statement.arguments, scope);
    }
  }

  *evaluate(expression: Expression, scope: Scope): Run<Value> {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'variable':
      case 'word':
        return scope.read(expression.name);
      case 'text': {
        let text = '';
        for (const part of expression.parts) {
          text += typeof part === 'string' ? part : toText(yield* this.evaluate(part, scope));
        }
        return str(text);
      }
      case 'command':
        return yield* this.run(expression.body, new Scope(scope));
      case 'code':
        return { type: 'code', body: expression.body };
      case 'array': {
        const items = [];
        for (const { key, value } of expression.items) {
          const item = { value: yield* this.evaluate(value, scope) };
          items.push(key ? { ...item, key: this.#keyText(key, yield* this.evaluate(key, scope)) } : item);
        }
        return applyBinary(',', { type: 'array', items }, list([]));
      }
      case 'unary':
        return applyUnary(expression.operator, yield* this.evaluate(expression.operand, scope));
      case 'binary': {
        const left = yield* this.evaluate(expression.left, scope);
        if (expression.operator === 'and' && !holds(left)) return bool(false);
        if (expression.operator === 'or' && holds(left)) return bool(true);
        const right = yield* this.evaluate(expression.right, scope);
        if (expression.operator === 'and' || expression.operator === 'or') return bool(holds(right));
        return applyBinary(expression.operator, left, right);
      }
    }
  }

  #keyText(key: Expression, value: Value): string {
    return key.kind === 'literal' ? key.raw : toText(value);
  }

  /** An argument as the menu takes it: as written where it stood bare, arrays joined by commas. */
  *#argument(expression: Expression, scope: Scope): Run<string> {
    if (expression.kind === 'literal') return fromBytes(expression.raw);
    const value = yield* this.evaluate(expression, scope);
    if (value.type === 'array') return fromBytes(value.items.map((item) => toText(item.value)).join(','));
    return fromBytes(toText(value));
  }

  *#menuCommand(statement: Extract<Statement, { kind: 'menu' }>, scope: Scope): Run<Value> {
    const { menu, command } = statement;
    const given: Values = {};
    for (const [name, expression] of statement.arguments)
      given[name] = yield* this.#argument(expression, scope);
    if (command === 'ping') return yield* this.#ping(menu, given);
    if (command === 'export') return this.#export(statement);
    if (command === 'print' || command === 'find') return yield* this.#list(statement, given, scope);
    return runMenuCommand(menu, command, given, this.options.context(), this.options.menus);
  }

  *#list(statement: Extract<Statement, { kind: 'menu' }>, given: Values, scope: Scope): Run<Value> {
    const { menu, command, flags, where } = statement;
    const context = this.options.context();
    const definition = menu.commands[command];
    if (definition) checkPolicy(menu, command, definition, context);
    const chosen: Values[] = [];
    for (const { row, fields } of rowsWithFields(menu, context, given.from)) {
      if (!where || holds(yield* this.evaluate(where, new Scope(scope, fields)))) chosen.push(row);
    }
    if (command === 'find') return list(chosen.map((row) => ({ type: 'id', text: row['.id'] ?? '' })));
    if (flags.has('count-only')) {
      this.options.print(`${chosen.length}\n`);
      return num(chosen.length);
    }
    const wanted = given.proplist?.split(',');
    const shown = wanted
      ? chosen.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => wanted.includes(name))))
      : chosen;
    if (flags.has('as-value')) {
      const values = shown.map((row) => asArray(menu, row, context));
      return menu.kind === 'single' ? (values[0] ?? NIL) : list(values);
    }
    for (const [index, row] of shown.entries()) {
      this.options.print(rowText(row, menu.kind === 'single' ? undefined : index));
    }
    return NIL;
  }

  #export({ menu, flags }: Extract<Statement, { kind: 'menu' }>): Value {
    const context = this.options.context();
    const definition = menu.commands.export;
    if (definition) checkPolicy(menu, 'export', definition, context);
    this.options.print(exportText(this.options.menus.values(), context, flags));
    return NIL;
  }

  /** `[/ping …]` is the number of replies. Without `count` a router pings until a key is hit; here four times. */
  *#ping(menu: Menu, given: Values): Run<Value> {
    const definition = menu.commands.ping;
    if (definition) checkPolicy(menu, 'ping', definition, this.options.context());
    const { address, count = '4' } = given;
    if (address === undefined) throw new RouterOsTrap('missing value(s) of argument(s) address', 1);
    const received = yield {
      kind: 'ping',
      address,
      count: Number(count),
      ...(given.interface === undefined ? {} : { interface: given.interface }),
      ...(given['src-address'] === undefined ? {} : { sourceAddress: given['src-address'] }),
    };
    const answers = typeof received === 'number' ? received : 0;
    this.options.print(`    sent=${count} received=${answers}\n`);
    return num(answers);
  }

  /** `$function …` and `[[:parse …]]`: code runs, any other value of `[…]` stays what it is. */
  *#call(target: Expression, given: readonly NamedValue[], scope: Scope): Run<Value> {
    const code = yield* this.evaluate(target, scope);
    if (code.type !== 'code') {
      if (target.kind === 'command' && given.length === 0) return code;
      throw new RouterOsTrap(`bad command name ${toText(code)}`, 3);
    }
    if (code.fault !== undefined) throw new RouterOsTrap(code.fault, 3);
    const inner = new Scope();
    let position = 0;
    for (const { name, value } of given) {
      position += name === undefined ? 1 : 0;
      inner.declare(name ?? String(position), { value: yield* this.evaluate(value, scope) });
    }
    try {
      return yield* this.run(code.body, inner);
    } catch (error) {
      if (error instanceof Signal && error.kind === 'return') return error.value;
      throw error;
    }
  }
}
