import { rowCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { bool, integer, listOf, oneOf, prefix, text } from '../values/types.ts';
import { disabled, invalid } from './shared-properties.ts';

export const SERVICES = '/ip/service';

/** Name, default port, open from the factory (manual, "Services"). */
export const FACTORY_SERVICES = [
  ['telnet', 23, true],
  ['ftp', 21, true],
  ['www', 80, true],
  ['ssh', 22, true],
  ['www-ssl', 443, false],
  ['api', 8728, true],
  ['winbox', 8291, true],
  ['api-ssl', 8729, true],
] as const;

const { enable, disable, ...COMMANDS } = rowCommands('set', 'enable', 'disable');

/**
 * Nobody adds services. 7.24 reads the list of allowed clients as `available-from` and still takes it under its old
 * name (ansible community.routeros#475); from 7.19 open connections are dynamic rows of the same name.
 */
export const serviceMenu: Menu = {
  path: SERVICES,
  kind: 'rows',
  dynamicFlag: { since: '7.19' },
  named: true,
  commands: { ...COMMANDS, ...(enable && disable ? { enable, disable } : {}) },
  properties: [
    { name: 'name', type: text, readOnly: true },
    { name: 'port', type: integer(1, 65535) },
    {
      name: 'address',
      type: listOf(prefix),
      default: '',
      writesTo: { property: 'available-from', since: '7.24' },
    },
    { name: 'available-from', type: listOf(prefix), default: '', since: '7.24' },
    { name: 'certificate', type: text, default: 'none' },
    { name: 'tls-version', type: oneOf('any', 'only-1.2'), default: 'any' },
    { name: 'vrf', type: text, default: 'main' },
    { name: 'max-sessions', type: integer(1, 1000), default: '20', since: '7.16' },
    { name: 'proto', type: text, readOnly: true, since: '7.19' },
    { name: 'connection', type: bool, readOnly: true, since: '7.19' },
    { name: 'local', type: text, readOnly: true, since: '7.19' },
    { name: 'remote', type: text, readOnly: true, since: '7.19' },
    disabled,
    invalid,
  ],
};
