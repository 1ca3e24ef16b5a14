import type { Call, Menu, Outcome, Values } from '../configuration/definition.ts';
import { writable } from '../configuration/read.ts';
import { LANGUAGE } from '../language/vocabulary.ts';
import { RouterOsTrap } from '../trap.ts';
import { inSpan } from '../version.ts';

type NodeType = 'path' | 'dir' | 'cmd' | 'arg';
const row = (type: 'self' | 'child', name: string, node: NodeType): Values => ({
  name,
  'node-type': node,
  type,
});

/**
 * `request=child`: the place itself, then what is under it, as 7.24.4 answers (tik4net's captured rows). The path is a
 * list joined by commas; with slashes, or without a place there, it names nothing. Of that the API says `no such item`
 * (tikoci/centrs: "native traps", the text is unsure).
 */
function children({ arguments: given, context, menus = [] }: Call): Outcome {
  if (given.request !== 'child') throw new RouterOsTrap('failure: only request=child is simulated', 4);
  const words = (given.path ?? '').split(',').filter((word) => word !== '');
  const pathOf = (parts: readonly string[]): string => `/${parts.join('/')}`;
  const under = (path: string): string[] => {
    const start = path === '/' ? '/' : `${path}/`;
    const below = menus.map((menu) => menu.path).filter((one) => one.startsWith(start) && one !== '/');
    return [...new Set(below.map((one) => one.slice(start.length).split('/')[0] ?? ''))];
  };
  const menu = menus.find(({ path }) => path === pathOf(words));
  if (menu) {
    const commands = Object.entries(menu.commands)
      .filter(([, command]) => inSpan(context.version, command))
      .map(([name]) => name);
    const language =
      menu.path === '/'
        ? Object.keys(LANGUAGE).filter((name) => inSpan(context.version, LANGUAGE[name] ?? {}))
        : [];
    return {
      rows: [
        row('self', words.at(-1) ?? '', menu.kind === 'directory' ? 'path' : 'dir'),
        ...under(menu.path).map((name) => row('child', name, 'dir')),
        ...[...commands, ...language].map((name) => row('child', name, 'cmd')),
      ],
    };
  }
  const name = words.at(-1) ?? '';
  const around = menus.find(({ path }) => path === pathOf(words.slice(0, -1)));
  const command = around?.commands[name];
  if (!around || !command || !inSpan(context.version, command)) throw new RouterOsTrap('no such item', 0);
  const properties = command.properties ? writable(around, context, command.properties) : [];
  const names = [
    ...command.arguments.filter((argument) => inSpan(context.version, argument)),
    ...properties,
  ].map((one) => one.name);
  return { rows: [row('self', name, 'cmd'), ...[...new Set(names)].map((one) => row('child', one, 'arg'))] };
}

/** Tells what this very router has: its own menus, commands and arguments. */
export const consoleMenu: Menu = {
  path: '/console',
  kind: 'directory',
  properties: [],
  commands: {
    inspect: {
      arguments: [{ name: 'request' }, { name: 'path' }, { name: 'input' }],
      policy: 'read',
      run: children,
    },
  },
};
