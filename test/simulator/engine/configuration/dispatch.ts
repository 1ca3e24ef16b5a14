import { RouterOsTrap } from '../trap.ts';
import { addRow, moveRows, removeRows, setRows } from './change.ts';
import type { Call, Command, Context, Menu, Outcome, Values } from './definition.ts';
import { readable, readRow, showsDynamic } from './read.ts';
import { selectEntries } from './select.ts';

const READING = new Set(['print', 'get', 'find']);

/** @throws {RouterOsTrap} `not enough permissions (9)` */
export function checkPolicy(menu: Menu, name: string, command: Command, context: Context): void {
  const needed = command.policy ?? (READING.has(name) ? 'read' : (menu.policy ?? 'write'));
  if (!context.policies.has(needed)) throw new RouterOsTrap('not enough permissions (9)');
}

function numbersOf(call: Call, name = 'numbers'): string {
  const numbers = call.arguments[name];
  if (numbers === undefined) throw new RouterOsTrap(`missing value(s) of argument(s) ${name}`, 1);
  return numbers;
}

/** One value of one row: `get`. @throws {RouterOsTrap} */
function get(menu: Menu, call: Call): Outcome {
  const { context } = call;
  const entries =
    menu.kind === 'single'
      ? [context.configuration.single(menu.store ?? menu.path)]
      : selectEntries(menu, numbersOf(call, 'number'), context);
  const [entry, more] = entries;
  if (!entry) throw new RouterOsTrap('no such item', 0);
  if (more) throw new RouterOsTrap('invalid internal item number', 1);
  const row = readRow(menu, entry, context);
  const wanted = call.arguments['value-name'];
  if (wanted === undefined) return { rows: [row] };
  const known =
    wanted === '.id' ||
    (wanted === 'dynamic' && showsDynamic(menu, context)) ||
    readable(menu, context).some(({ name }) => name === wanted);
  if (!known) throw new RouterOsTrap('input does not match any value of value-name', 1);
  const value = row[wanted];
  return value === undefined ? {} : { ret: value };
}

function switchRows(menu: Menu, call: Call, disabled: 'true' | 'false', menus: readonly Menu[]): void {
  const entries = selectEntries(menu, numbersOf(call), call.context);
  setRows(menu, entries, { disabled }, call.context, menus);
}

/**
 * Runs any command except `print` and `find`, whose filters differ between the API and the console.
 * `call.arguments` holds canonical names; a name the menu lacks is refused as the API does it.
 * @throws {RouterOsTrap}
 */
export function runCommand(menu: Menu, name: string, call: Call, menus: readonly Menu[]): Outcome {
  const command = menu.commands[name];
  if (!command) throw new RouterOsTrap('no such command', 0);
  checkPolicy(menu, name, command, call.context);
  if (command.run) return command.run({ ...call, menus });
  const { numbers: _numbers, ...written } = call.arguments;
  switch (name) {
    case 'get':
      return get(menu, call);
    case 'add':
      return { ret: addRow(menu, call.arguments, call.context) };
    case 'set': {
      const { context } = call;
      const entries =
        menu.kind === 'single'
          ? [context.configuration.single(menu.store ?? menu.path)]
          : selectEntries(menu, numbersOf(call), context);
      setRows(menu, entries, menu.kind === 'single' ? call.arguments : written, context, menus);
      return {};
    }
    case 'remove':
      removeRows(menu, selectEntries(menu, numbersOf(call), call.context), call.context, menus);
      return {};
    case 'enable':
    case 'disable':
      switchRows(menu, call, name === 'disable' ? 'true' : 'false', menus);
      return {};
    case 'comment': {
      const entries = selectEntries(menu, numbersOf(call), call.context);
      setRows(menu, entries, { comment: call.arguments.comment ?? '' }, call.context, menus);
      return {};
    }
    case 'unset': {
      const property = call.arguments['value-name'];
      if (property === undefined) throw new RouterOsTrap('missing value(s) of argument(s) value-name', 1);
      const change: Values = { [`!${property}`]: '' };
      setRows(menu, selectEntries(menu, numbersOf(call), call.context), change, call.context, menus);
      return {};
    }
    case 'move':
      moveRows(menu, call.arguments, call.context);
      return {};
    default:
      throw new RouterOsTrap('no such command', 0);
  }
}
