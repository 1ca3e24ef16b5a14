import type { Command, Context, Menu, Property, Values } from '../configuration/definition.ts';
import { entriesOf, storeOf, writable } from '../configuration/read.ts';
import type { Entry } from '../configuration/store.ts';
import { toBytes } from '../language/value.ts';
import { LOG } from './log.ts';
import { isSoftware, timeOf } from './system.ts';

const flags = (...names: string[]) => names.map((name) => ({ name, form: 'flag' as const }));

/**
 * Over the API it says nothing (EvilFreelancer/routeros-api-php#32); the console prints it. Writing to a file is not modelled:
 * nobody here asks for it.
 */
export const EXPORT: Command = {
  arguments: flags('compact', 'hide-sensitive', 'show-sensitive', 'terse', 'verbose'),
  policy: 'read',
  run: () => ({}),
};

const WIDTH = 80;
const BARE = /^[A-Za-z0-9._:/,@+-]+$/;
/** Users are never exported; runs of the console are no configuration. */
const LEFT_OUT = new Set(['/user', LOG, '/system/script/job', '/system/package']);

/**
 * What was set, as commands: `/ip address add …` a line with `terse`, else the menu on a line of its own and long lines
 * wrapped. Hides what is sensitive unless told not to, as all of RouterOS 7 does (Mikrotik-RouterOS-automatic-backup-and-update#21).
 * Rows that come with the router are written as if they had been added, which RouterOS does not do.
 */
export function exportText(menus: Iterable<Menu>, context: Context, given: ReadonlySet<string>): string {
  const shows = given.has('show-sensitive');
  const lines = head(context);
  for (const menu of [...menus].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (menu.kind === 'directory' || LEFT_OUT.has(menu.path)) continue;
    const path = `/${menu.path.slice(1).replaceAll('/', ' ')}`;
    const commands = entriesOf(menu, context).flatMap((entry) => commandOf(menu, entry, context, shows));
    if (commands.length === 0) continue;
    if (given.has('terse')) lines.push(...commands.map((command) => `${path} ${command}`));
    else lines.push(path, ...commands.map(wrapped));
  }
  return `${lines.join('\n')}\n`;
}

function head(context: Context): string[] {
  const { version, board, serialNumber } = context;
  const software = isSoftware(board);
  const { date, time } = timeOf(context);
  return [
    `# ${date} ${time} by RouterOS ${version.text}`,
    `# software id = ${software ? '' : 'SIMU-LATD'}`,
    '#',
    ...(software ? [] : [`# model = ${board}`, `# serial number = ${serialNumber}`]),
  ];
}

function commandOf(menu: Menu, entry: Entry, context: Context, shows: boolean): string[] {
  if (entry.dynamic) return [];
  const known = writable(menu, context, 'add' in menu.commands ? 'add' : 'set');
  const words = known.flatMap((property) => {
    const value = entry.values[property.name];
    const isHidden = property.secret !== undefined && !shows;
    if (value === undefined || value === property.default || isHidden) return [];
    return [`${property.name}=${valueText(property, value)}`];
  });
  if ('add' in menu.commands) return [['add', ...words].join(' ')];
  if (words.length === 0) return [];
  const which = menu.kind === 'single' ? [] : [`[ find ${nameWord(menu, entry.values)} ]`];
  return 'set' in menu.commands ? [['set', ...which, ...words].join(' ')] : [];
}

const nameWord = (menu: Menu, values: Values): string =>
  `${storeOf(menu) === '/interface' ? 'default-name' : 'name'}=${quoted(values.name ?? '')}`;

function valueText({ type }: Property, value: string): string {
  if (type.readAs === 'bool') return value === 'true' ? 'yes' : 'no';
  return quoted(value);
}

function quoted(value: string): string {
  if (BARE.test(value)) return value;
  const escaped = [...toBytes(value)].map((byte) => {
    if ('"\\$?'.includes(byte)) return `\\${byte}`;
    if (byte === '\n') return '\\n';
    if (byte === '\r') return '\\r';
    const code = byte.charCodeAt(0);
    return code < 0x20 || code > 0x7e ? `\\${code.toString(16).toUpperCase().padStart(2, '0')}` : byte;
  });
  return `"${escaped.join('')}"`;
}

/** RouterOS breaks lines anywhere, the rest four blanks in. */
function wrapped(command: string): string {
  const parts: string[] = [];
  let rest = command;
  while (rest.length > WIDTH) {
    const blank = rest.lastIndexOf(' ', WIDTH - 1);
    const at = blank > 4 ? blank + 1 : WIDTH - 1;
    parts.push(`${rest.slice(0, at)}\\`);
    rest = `    ${rest.slice(at)}`;
  }
  return [...parts, rest].join('\n');
}
