import type { Expression, Statement } from '../language/ast.ts';
import { SyntaxFault } from '../language/fault.ts';
import { array, fromBytes, NIL, num, str, toBytes, toText, type Value } from '../language/value.ts';
import { LANGUAGE } from '../language/vocabulary.ts';
import { RouterOsTrap } from '../trap.ts';
import { atLeast } from '../version.ts';
import { applyFunction } from './functions.ts';
import { type Interpreter, type Run, Signal } from './interpreter.ts';
import { condition } from './operators.ts';
import { Scope } from './scope.ts';

type LanguageStatement = Extract<Statement, { kind: 'language' }>;

function bodyOf(statement: LanguageStatement, name: string): readonly Statement[] {
  const expression = statement.arguments.get(name);
  return expression?.kind === 'code' ? expression.body : [];
}

function needed(statement: LanguageStatement, name: string): Expression {
  const expression = statement.arguments.get(name);
  if (!expression) throw new RouterOsTrap(`missing value(s) of argument(s) ${name}`, 1);
  return expression;
}

const nameOf = (expression: Expression): string =>
  expression.kind === 'literal' ? toText(expression.value) : '';

/** Runs a loop's body once; false: leave the loop. */
function* round(interpreter: Interpreter, body: readonly Statement[], scope: Scope): Run<boolean> {
  try {
    yield* interpreter.run(body, new Scope(scope));
    return true;
  } catch (error) {
    if (error instanceof Signal && error.kind === 'continue') return true;
    if (error instanceof Signal && error.kind === 'break') return false;
    throw error;
  }
}

/** Runs `body`; a refusal goes to `otherwise`. What was done before it stays done. */
function* guarded(
  interpreter: Interpreter,
  body: readonly Statement[],
  scope: Scope,
  otherwise: ((message: string) => Run<Value>) | undefined,
): Run<Value> {
  try {
    return yield* interpreter.run(body, new Scope(scope));
  } catch (error) {
    if (!otherwise || !(error instanceof RouterOsTrap)) throw error;
    return yield* otherwise(error.message);
  }
}

function* assign(interpreter: Interpreter, statement: LanguageStatement, scope: Scope): Run<Value> {
  const target = needed(statement, 'name');
  const given = statement.arguments.get('value') ?? statement.arguments.get('do');
  const value = given ? yield* interpreter.evaluate(given, scope) : NIL;
  if (statement.name === 'local') scope.declare(nameOf(target), { value });
  else if (statement.name === 'global') {
    const { globals } = interpreter.options;
    const box = globals.get(nameOf(target)) ?? { value: NIL };
    globals.set(nameOf(target), box);
    if (given) box.value = value;
    scope.declare(nameOf(target), box);
  } else if (target.kind === 'binary' && target.operator === '->' && target.left.kind === 'variable') {
    const box = scope.find(target.left.name);
    const key = yield* interpreter.evaluate(target.right, scope);
    if (!box) throw new RouterOsTrap(`syntax error ${statement.position}`, 3);
    const items = box.value.type === 'array' ? [...box.value.items] : [];
    if (key.type === 'num' && items[key.number]) items[key.number] = { ...items[key.number], value };
    else items.push(key.type === 'num' ? { value } : { key: toText(key), value });
    box.value = array(items);
  } else {
    const box = scope.find(nameOf(target));
    if (!box) throw new RouterOsTrap(`syntax error ${statement.position}`, 3);
    box.value = value;
  }
  return NIL;
}

function* loopFor(interpreter: Interpreter, statement: LanguageStatement, scope: Scope): Run<Value> {
  const bound = function* (name: string, otherwise: number): Run<number> {
    const expression = statement.arguments.get(name);
    const value = expression ? yield* interpreter.evaluate(expression, scope) : num(otherwise);
    if (value.type !== 'num') throw new RouterOsTrap(`invalid value for argument ${name}`, 1);
    return value.number;
  };
  const from = yield* bound('from', 0);
  const to = yield* bound('to', 0);
  const step = yield* bound('step', from <= to ? 1 : -1);
  if (step === 0) throw new RouterOsTrap('invalid value for argument step', 1);
  for (let count = from; step > 0 ? count <= to : count >= to; count += step) {
    const inner = new Scope(scope);
    inner.declare(nameOf(needed(statement, 'counter')), { value: num(count) });
    if (!(yield* round(interpreter, bodyOf(statement, 'do'), inner))) break;
  }
  return NIL;
}

function* loopOver(interpreter: Interpreter, statement: LanguageStatement, scope: Scope): Run<Value> {
  const over = yield* interpreter.evaluate(needed(statement, 'in'), scope);
  const [first = '', second] = nameOf(needed(statement, 'counter')).split(',');
  const items = over.type === 'array' ? over.items : over.type === 'nil' ? [] : [{ value: over }];
  for (const [index, item] of items.entries()) {
    const inner = new Scope(scope);
    inner.declare(second ?? first, { value: item.value });
    const key = 'key' in item && item.key !== undefined ? str(item.key) : num(index);
    if (second !== undefined) inner.declare(first, { value: key });
    if (!(yield* round(interpreter, bodyOf(statement, 'do'), inner))) break;
  }
  return NIL;
}

function* repeatWhile(
  interpreter: Interpreter,
  statement: LanguageStatement,
  scope: Scope,
  name: string,
): Run<void> {
  const test = needed(statement, name);
  while (condition(yield* interpreter.evaluate(test, scope))) {
    if (!(yield* round(interpreter, bodyOf(statement, statement.name === 'do' ? 'command' : 'do'), scope)))
      return;
  }
}

/** Loads text. Before 7.23 a text that cannot be loaded is an error; from 7.23 running it is (tikoci/centrs). */
function parse(interpreter: Interpreter, text: string): Value {
  try {
    return { type: 'code', body: interpreter.options.load(text) };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    if (!atLeast(interpreter.options.context().version, '7.23')) throw new RouterOsTrap(error.message, 3);
    return { type: 'code', body: [], fault: error.message };
  }
}

function* retry(interpreter: Interpreter, statement: LanguageStatement, scope: Scope): Run<Value> {
  const most = yield* interpreter.evaluate(needed(statement, 'max'), scope);
  const pause = yield* interpreter.evaluate(needed(statement, 'delay'), scope);
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* interpreter.run(bodyOf(statement, 'command'), new Scope(scope));
    } catch (error) {
      if (!(error instanceof RouterOsTrap)) throw error;
      if (most.type === 'num' && attempt < most.number) yield* wait(pause);
      else if (!statement.arguments.has('on-error')) throw error;
      else return yield* interpreter.run(bodyOf(statement, 'on-error'), new Scope(scope));
    }
  }
}

function* wait(value: Value): Run<void> {
  const milliseconds =
    value.type === 'time' ? value.milliseconds : value.type === 'num' ? value.number * 1000 : undefined;
  if (milliseconds === undefined) throw new RouterOsTrap('invalid time value for argument delay-time', 1);
  yield { kind: 'delay', milliseconds };
}

function* plain(interpreter: Interpreter, statement: LanguageStatement, scope: Scope): Run<Value> {
  const given = new Map<string, Value>();
  for (const [name, expression] of statement.arguments) {
    given.set(name, yield* interpreter.evaluate(expression, scope));
  }
  const [first] = LANGUAGE[statement.name]?.positional ?? [];
  const value = first === undefined ? NIL : given.get(first);
  if (value === undefined) throw new RouterOsTrap(`missing value(s) of argument(s) ${first}`, 1);
  switch (statement.name) {
    case 'put':
      interpreter.options.print(`${fromBytes(toText(value))}\n`);
      return value;
    case 'error':
      throw new RouterOsTrap(fromBytes(toText(value)), 3);
    case 'return':
      throw new Signal('return', value);
    case 'break':
    case 'continue':
    case 'exit':
      throw new Signal(statement.name);
    case 'parse':
      return parse(interpreter, toText(value));
    case 'delay':
      yield* wait(value);
      return NIL;
    case 'resolve': {
      const answer = yield { kind: 'resolve', name: toText(value) };
      if (typeof answer !== 'string') throw new RouterOsTrap('failure: dns name does not exist', 4);
      return { type: answer.includes(':') ? 'ip6' : 'ip', text: toBytes(answer) };
    }
    default:
      return applyFunction(statement.name, given, interpreter.options.context().version) ?? NIL;
  }
}

/** @throws {RouterOsTrap | Signal} */
export function* runLanguageCommand(
  interpreter: Interpreter,
  statement: LanguageStatement,
  scope: Scope,
): Run<Value> {
  switch (statement.name) {
    case 'local':
    case 'global':
    case 'set':
      return yield* assign(interpreter, statement, scope);
    case 'if': {
      const answer = condition(yield* interpreter.evaluate(needed(statement, 'condition'), scope));
      return yield* interpreter.run(bodyOf(statement, answer ? 'do' : 'else'), new Scope(scope));
    }
    case 'while':
      yield* repeatWhile(interpreter, statement, scope, 'condition');
      return NIL;
    case 'do': {
      const onError = statement.arguments.has('on-error')
        ? () => interpreter.run(bodyOf(statement, 'on-error'), new Scope(scope))
        : undefined;
      const value = yield* guarded(interpreter, bodyOf(statement, 'command'), scope, onError);
      if (statement.arguments.has('while')) yield* repeatWhile(interpreter, statement, scope, 'while');
      return value;
    }
    case 'onerror': {
      const name = nameOf(needed(statement, 'error'));
      return yield* guarded(interpreter, bodyOf(statement, 'in'), scope, (message) => {
        const inner = new Scope(scope);
        inner.declare(name, { value: str(toBytes(message)) });
        return interpreter.run(bodyOf(statement, 'do'), inner);
      });
    }
    case 'for':
      return yield* loopFor(interpreter, statement, scope);
    case 'foreach':
      return yield* loopOver(interpreter, statement, scope);
    case 'retry':
      return yield* retry(interpreter, statement, scope);
    default:
      return yield* plain(interpreter, statement, scope);
  }
}
