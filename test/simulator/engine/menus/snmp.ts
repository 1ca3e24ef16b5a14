import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { address } from '../values/limits.ts';
import { bool, integer, listOf, name, oneOf, prefix, setOf, text } from '../values/types.ts';
import { isBuiltin, refuseBuiltin, refuseSameName } from './builtin-rows.ts';
import { comment, disabled } from './shared-properties.ts';

export const COMMUNITIES = '/snmp/community';
const unique = refuseSameName(COMMUNITIES, 'community');

export const snmpMenu: Menu = {
  path: '/snmp',
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'enabled', type: bool, default: 'false' },
    { name: 'contact', type: text, default: '' },
    { name: 'location', type: text, default: '' },
    { name: 'engine-id', type: text, default: '', until: '7.10' },
    { name: 'engine-id', type: text, readOnly: true, default: '80003a8c04', since: '7.10' },
    { name: 'engine-id-suffix', type: text, default: '', since: '7.10' },
    { name: 'src-address', type: address, default: '::' },
    { name: 'trap-target', type: listOf(address), default: '' },
    { name: 'trap-community', type: name, default: 'public', reference: COMMUNITIES },
    { name: 'trap-version', type: integer(1, 3), default: '1' },
    {
      name: 'trap-generators',
      type: setOf(['interfaces', 'start-trap', 'temp-exception']),
      default: 'temp-exception',
    },
    { name: 'trap-interfaces', type: text, default: '' },
    { name: 'vrf', type: text, default: 'main' },
  ],
};

/** `public` is built in, with read access from everywhere. */
export const communityMenu: Menu = {
  path: COMMUNITIES,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'addresses', type: listOf(prefix), default: '::/0' },
    { name: 'security', type: oneOf('none', 'authorized', 'private'), default: 'none' },
    { name: 'read-access', type: bool, default: 'true' },
    { name: 'write-access', type: bool, default: 'false' },
    { name: 'authentication-protocol', type: oneOf('MD5', 'SHA1'), default: 'MD5' },
    { name: 'authentication-password', type: text, default: '', secret: 'masked' },
    { name: 'encryption-protocol', type: oneOf('DES', 'AES'), default: 'DES' },
    { name: 'encryption-password', type: text, default: '', secret: 'masked' },
    isBuiltin,
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => unique(values, context),
    set: (entry, changes, context) => unique({ ...entry.values, ...changes }, context, entry),
    remove: refuseBuiltin,
  },
};
