import type { Span } from '../version.ts';

/** How an argument's value is read. */
export type Form =
  /** Any value. */
  | 'value'
  /** A variable's name, bare or quoted; two joined by a comma; for `:set` also `($array->"key")`. */
  | 'name'
  /** `{ … }`, statements. */
  | 'code';

interface LanguageCommand extends Span {
  arguments: Readonly<Record<string, Form>>;
  /** Arguments that may come without their name, in order. */
  positional: readonly string[];
}

const one = (name: string): LanguageCommand => ({ arguments: { [name]: 'value' }, positional: [name] });

/**
 * The language's own commands, known at the root and behind `:`. Versions as the console lists them:
 * `:onerror` from 7.13 (in 7.16.2, not in 7.12.2), `:break`, `:continue` and `:exit` from 7.22.
 */
export const LANGUAGE: Readonly<Record<string, LanguageCommand>> = {
  local: { arguments: { name: 'name', value: 'value', do: 'code' }, positional: ['name', 'value'] },
  global: { arguments: { name: 'name', value: 'value', do: 'code' }, positional: ['name', 'value'] },
  set: { arguments: { name: 'name', value: 'value', do: 'code' }, positional: ['name', 'value'] },
  if: { arguments: { condition: 'value', do: 'code', else: 'code' }, positional: ['condition'] },
  while: { arguments: { condition: 'value', do: 'code' }, positional: ['condition'] },
  do: { arguments: { command: 'code', while: 'value', 'on-error': 'code' }, positional: ['command'] },
  for: {
    arguments: { counter: 'name', from: 'value', to: 'value', step: 'value', do: 'code' },
    positional: ['counter'],
  },
  foreach: { arguments: { counter: 'name', in: 'value', do: 'code' }, positional: ['counter'] },
  onerror: { arguments: { error: 'name', in: 'code', do: 'code' }, positional: ['error'], since: '7.13' },
  retry: { arguments: { command: 'code', delay: 'value', max: 'value', 'on-error': 'code' }, positional: [] },
  break: { arguments: {}, positional: [], since: '7.22' },
  continue: { arguments: {}, positional: [], since: '7.22' },
  exit: { arguments: {}, positional: [], since: '7.22' },
  nothing: { arguments: {}, positional: [] },
  put: one('message'),
  error: one('message'),
  return: one('value'),
  len: one('value'),
  typeof: one('value'),
  tostr: one('value'),
  tonum: one('value'),
  toarray: one('value'),
  toip: one('value'),
  tobool: one('value'),
  toid: one('value'),
  totime: one('value'),
  parse: one('value'),
  delay: one('delay-time'),
  resolve: { arguments: { 'domain-name': 'value', server: 'value' }, positional: ['domain-name'] },
  pick: {
    arguments: { counter: 'value', begin: 'value', end: 'value' },
    positional: ['counter', 'begin', 'end'],
  },
  find: { arguments: { in: 'value', key: 'value', from: 'value' }, positional: ['in', 'key', 'from'] },
};
