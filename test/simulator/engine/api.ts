import type { Call, Command, Context, Menu, Values } from './configuration/definition.ts';
import { checkPolicy, runCommand } from './configuration/dispatch.ts';
import { entriesOf, readRow, writable } from './configuration/read.ts';
import { matches } from './queries.ts';
import { record } from './recorder.ts';
import { RouterOsTrap } from './trap.ts';
import type { Reply, Request } from './types.ts';
import { inSpan } from './version.ts';

/** Words the API alone has, beside a command's own arguments. */
const API_WORDS = ['.id', '.proplist', 'numbers', 'detail', 'stats', 'count-only'];

function refuseUnknown(
  menu: Menu,
  command: Command,
  given: Values,
  context: Context,
  note: (words: Iterable<string>, isTaken: boolean) => void,
): void {
  const known = new Set(API_WORDS);
  for (const argument of command.arguments) if (inSpan(context.version, argument)) known.add(argument.name);
  if (command.properties) {
    for (const { name } of writable(menu, context, command.properties)) known.add(name).add(`!${name}`);
  }
  const unknown = Object.keys(given).find((name) => !known.has(name));
  if (unknown === undefined) return;
  note([unknown], false);
  throw new RouterOsTrap(`unknown parameter ${unknown}`, 0);
}

function print(menu: Menu, request: Request, given: Values, context: Context): Reply {
  const wanted = request.proplist ?? given['.proplist']?.split(',');
  const rows = entriesOf(menu, context)
    .map((entry) => readRow(menu, entry, context))
    .filter((row) => matches(request.queries ?? [], row));
  if (given['count-only'] !== undefined) return { rows: [], ret: String(rows.length) };
  const chosen = wanted
    ? rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => wanted.includes(name))))
    : rows;
  return { rows: chosen };
}

/** The API spells a missing argument `missing =x=`, the console in words. */
function asApiTrap(error: unknown): unknown {
  if (!(error instanceof RouterOsTrap)) return error;
  const match = /^missing value\(s\) of argument\(s\) (\S+)$/.exec(error.message);
  if (!match) return error;
  const name = match[1] === 'numbers' || match[1] === 'number' ? '.id' : match[1];
  return new RouterOsTrap(`missing =${name}=`, error.category);
}

/**
 * What the binary API does with one sentence.
 * @throws {RouterOsTrap}
 */
export function executeRequest(menus: ReadonlyMap<string, Menu>, request: Request, context: Context): Reply {
  const menu = menus.get(request.menu);
  const name = request.command === 'getall' ? 'print' : request.command;
  const note = (words: Iterable<string>, isTaken: boolean): void =>
    record('api', context.version.text, request.menu, name, words, isTaken);
  if (!menu) {
    note([], false);
    throw new RouterOsTrap('no such command prefix', 0);
  }
  const command = menu.commands[name];
  if (!command || !inSpan(context.version, command) || name === 'find') {
    note([], false);
    throw new RouterOsTrap('no such command', 0);
  }
  const given: Values = { ...request.attributes };
  refuseUnknown(menu, command, given, context, note);
  note(Object.keys(given), true);
  if (name === 'print') {
    checkPolicy(menu, name, command, context);
    return print(menu, request, given, context);
  }
  const { '.id': id, '.proplist': _proplist, detail: _detail, stats: _stats, ...rest } = given;
  const target = name === 'get' ? 'number' : 'numbers';
  const call: Call = {
    arguments: menu.kind === 'rows' && id !== undefined ? { ...rest, [target]: id } : rest,
    context,
  };
  try {
    const { ret, rows } = runCommand(menu, name, call, [...menus.values()]);
    return { rows: rows ?? [], ...(ret === undefined ? {} : { ret }) };
  } catch (error) {
    throw asApiTrap(error);
  }
}
