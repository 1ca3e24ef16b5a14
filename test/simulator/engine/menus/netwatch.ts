import { rowCommands, withScript } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { host, oneOf, text, time } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

const SCRIPTS = ['up-script', 'down-script', 'test-script'];

/** Watches a host by ping; other types than `simple` are not modelled (manual, "Netwatch"). */
export const netwatchMenu: Menu = {
  path: '/tool/netwatch',
  kind: 'rows',
  dynamicFlag: 'none',
  commands: SCRIPTS.reduce<ReturnType<typeof rowCommands>>(
    (commands, property) => withScript(commands, property),
    rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  ),
  properties: [
    { name: 'name', type: text },
    { name: 'host', type: host, required: true },
    { name: 'type', type: oneOf('simple'), default: 'simple' },
    { name: 'interval', type: time, default: '10s' },
    { name: 'timeout', type: time, default: '3s' },
    { name: 'start-delay', type: time, default: '3s' },
    { name: 'startup-delay', type: time, default: '5m' },
    ...SCRIPTS.map((name) => ({ name, type: text, default: '' })),
    { name: 'status', type: text, readOnly: true, default: 'unknown' },
    disabled,
    comment,
  ],
};
