import type { Argument, Command } from './definition.ts';

const plain = (...names: string[]): Argument[] => names.map((name) => ({ name }));
const flags = (...names: string[]): Argument[] => names.map((name) => ({ name, form: 'flag' }));
const WHERE: Argument = { name: 'where', form: 'where' };

const NUMBERS: Command = { arguments: plain('numbers'), positional: ['numbers'] };
const SET: Command = { arguments: plain('numbers'), positional: ['numbers'], properties: 'set' };

/** Commands that more than one menu has, as every version from 7.9 to 7.24 knows them. */
const ROWS: Record<string, Command> = {
  print: {
    arguments: [
      ...flags('as-value', 'count-only', 'detail', 'terse', 'value-list', 'without-paging', 'show-ids'),
      ...plain('proplist', 'from'),
      WHERE,
    ],
    positional: ['from'],
  },
  get: {
    arguments: plain('number', 'value-name'),
    positional: ['number', 'value-name'],
  },
  find: { arguments: [WHERE] },
  add: { arguments: plain('copy-from'), properties: 'add' },
  'add-ordered': { arguments: plain('copy-from', 'place-before'), properties: 'add' },
  set: SET,
  remove: NUMBERS,
  enable: NUMBERS,
  disable: NUMBERS,
  comment: { arguments: plain('numbers', 'comment'), positional: ['numbers', 'comment'] },
  move: { arguments: plain('numbers', 'destination'), positional: ['numbers', 'destination'] },
  unset: { arguments: plain('numbers', 'value-name'), positional: ['numbers', 'value-name'] },
};

/** The named standard commands of a menu with rows. */
export function rowCommands(...names: string[]): Record<string, Command> {
  const commands: Record<string, Command> = {};
  for (const name of ['print', 'get', 'find', ...names]) {
    const command = ROWS[name];
    if (!command) throw new RangeError(`no standard command ${name}`);
    commands[name === 'add-ordered' ? 'add' : name] = command;
  }
  return commands;
}

/** print, get and, if `writable`, set of a menu that is one row. */
export function singleCommands(writable: boolean): Record<string, Command> {
  const commands: Record<string, Command> = {
    print: { arguments: flags('as-value', 'without-paging') },
    get: { arguments: plain('value-name'), positional: ['value-name'] },
  };
  if (writable) commands.set = { arguments: [], properties: 'set' };
  return commands;
}

/** `source={…}` is text, kept as written. */
export function withScript(commands: Record<string, Command>, property: string): Record<string, Command> {
  for (const command of ['add', 'set']) {
    const before = commands[command];
    if (before)
      commands[command] = { ...before, arguments: [...before.arguments, { name: property, form: 'script' }] };
  }
  return commands;
}
