import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Context, Menu } from '../configuration/definition.ts';
import { bool, host, integer, listOf, oneOf, text } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

const CLIENT = '/system/ntp/client';
const SERVERS = '/system/ntp/client/servers';

/** The client's list and the rows of its servers are one thing in two shapes (manual, "NTP"). */
function rowsFollowList(context: Context): void {
  const { configuration } = context;
  const wanted = (configuration.single(CLIENT).values.servers ?? '').split(',').filter(Boolean);
  for (const row of [...configuration.entries(SERVERS)]) {
    if (!wanted.includes(row.values.address ?? '')) configuration.remove(SERVERS, row);
  }
  const known = configuration.entries(SERVERS).map((row) => row.values.address);
  for (const address of wanted) if (!known.includes(address)) configuration.insert(SERVERS, { address });
}

function listFollowsRows(context: Context): void {
  const { configuration } = context;
  const { values } = configuration.single(CLIENT);
  const servers = configuration.entries(SERVERS).map((row) => row.values.address ?? '');
  if (servers.length > 0) values.servers = servers.join(',');
  else delete values.servers;
}

export const ntpClientMenu: Menu = {
  path: CLIENT,
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'enabled', type: bool, default: 'false' },
    { name: 'mode', type: oneOf('unicast', 'broadcast', 'multicast', 'manycast'), default: 'unicast' },
    { name: 'servers', type: listOf(host), default: '' },
    { name: 'vrf', type: text, default: 'main' },
    { name: 'freq-drift', type: text, readOnly: true, default: '0 PPM' },
    { name: 'status', type: text, readOnly: true, default: 'stopped' },
  ],
  rules: {
    changed: rowsFollowList,
    computed: (entry) => ({ status: entry.values.enabled === 'true' ? 'waiting' : 'stopped' }),
  },
};

export const ntpServersMenu: Menu = {
  path: SERVERS,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'address', type: host, required: true },
    { name: 'iburst', type: bool, default: 'true' },
    { name: 'min-poll', type: integer(3, 17), default: '6' },
    { name: 'max-poll', type: integer(3, 17), default: '10' },
    { name: 'auth-key', type: text, default: 'none' },
    { name: 'resolved-address', type: text, readOnly: true, default: '' },
    disabled,
    comment,
  ],
  rules: { changed: listFollowsRows },
};
