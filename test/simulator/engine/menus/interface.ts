import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Property, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { bool, integer, integerOr, name, oneOf, setOf, text } from '../values/types.ts';
import { comment, disabled } from './shared-properties.ts';

export const INTERFACES = '/interface';
export const LISTS = '/interface/list';

const running: Property = { name: 'running', type: bool, readOnly: true, default: 'false' };
const ifName: Property = { name: 'name', type: name };
const counters: Property[] = ['rx-byte', 'tx-byte'].map((counter) => ({
  name: counter,
  type: integer(0, Number.MAX_SAFE_INTEGER),
  readOnly: true,
  default: '0',
}));

/** @throws {RouterOsTrap} `failure: already have interface with such name` (ansible's and others' fixtures) */
export function refuseTakenName(values: Values, context: Context, own?: string): void {
  const taken = context.configuration.entries(INTERFACES).some((entry) => entry.values.name === values.name);
  if (taken && values.name !== own) {
    throw new RouterOsTrap('failure: already have interface with such name', 4);
  }
}

/** The first free `wireguard1`, `bridge1`, … */
export function freeName(stem: string, context: Context): string {
  const taken = new Set(context.configuration.entries(INTERFACES).map((entry) => entry.values.name));
  for (let count = 1; ; count++) if (!taken.has(`${stem}${count}`)) return `${stem}${count}`;
}

export const interfaceMenu: Menu = {
  path: INTERFACES,
  kind: 'rows',
  named: true,
  commands: rowCommands('set', 'enable', 'disable', 'comment'),
  properties: [
    ifName,
    { name: 'default-name', type: text, readOnly: true },
    { name: 'type', type: text, readOnly: true },
    { name: 'mtu', type: integerOr(['auto'], 0, 65535), default: '1500' },
    { name: 'mac-address', type: text, readOnly: true },
    running,
    disabled,
    comment,
    ...counters,
  ],
  rules: {
    set: (entry, changes, context) => {
      if (changes.name !== undefined) refuseTakenName(changes, context, entry.values.name);
    },
  },
};

export const ethernetMenu: Menu = {
  path: '/interface/ethernet',
  kind: 'rows',
  named: true,
  store: INTERFACES,
  filter: { property: 'type', value: 'ether' },
  commands: rowCommands('set', 'enable', 'disable', 'comment'),
  properties: [
    ifName,
    { name: 'default-name', type: text, readOnly: true },
    { name: 'mtu', type: integer(68, 65535), default: '1500' },
    { name: 'mac-address', type: text },
    running,
    disabled,
    comment,
  ],
  ...(interfaceMenu.rules ? { rules: interfaceMenu.rules } : {}),
};

export const bridgeMenu: Menu = {
  path: '/interface/bridge',
  kind: 'rows',
  named: true,
  store: INTERFACES,
  filter: { property: 'type', value: 'bridge' },
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    ifName,
    { name: 'mtu', type: integerOr(['auto'], 68, 65535), default: 'auto' },
    { name: 'protocol-mode', type: oneOf('none', 'rstp', 'stp', 'mstp'), default: 'rstp' },
    { name: 'admin-mac', type: text },
    { name: 'auto-mac', type: bool, default: 'true' },
    { name: 'vlan-filtering', type: bool, default: 'false' },
    running,
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.name ??= freeName('bridge', context);
      refuseTakenName(values, context);
    },
    set: (entry, changes, context) => {
      if (changes.name !== undefined) refuseTakenName(changes, context, entry.values.name);
    },
    computed: () => ({ running: 'true' }),
  },
};

export const bridgePortMenu: Menu = {
  path: '/interface/bridge/port',
  kind: 'rows',
  ordered: true,
  commands: rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move'),
  properties: [
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'bridge', type: name, required: true, reference: INTERFACES },
    { name: 'pvid', type: integer(1, 4094), default: '1' },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      const ports = context.configuration.entries('/interface/bridge/port');
      if (ports.some((port) => port.values.interface === values.interface)) {
        throw new RouterOsTrap('failure: device already added as bridge port', 4);
      }
    },
  },
};

/** Lists that are always there, in every list property's choice too. */
export const BUILTIN_LISTS = ['all', 'none', 'dynamic', 'static'];

export const listMenu: Menu = {
  path: LISTS,
  kind: 'rows',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'comment'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'include', type: setOf(BUILTIN_LISTS), default: '' },
    { name: 'exclude', type: setOf(BUILTIN_LISTS), default: '' },
    { name: 'builtin', type: bool, readOnly: true, default: 'false' },
    comment,
  ],
  rules: {
    add: (values, context) => {
      if (context.configuration.entries(LISTS).some((entry) => entry.values.name === values.name)) {
        throw new RouterOsTrap('failure: already have such interface list', 4);
      }
    },
  },
};

export const listMemberMenu: Menu = {
  path: '/interface/list/member',
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'list', type: name, required: true, reference: LISTS },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      const members = context.configuration.entries('/interface/list/member');
      const same = (member: { values: Values }) =>
        member.values.list === values.list && member.values.interface === values.interface;
      if (members.some(same)) throw new RouterOsTrap('failure: already have such entry', 4);
    },
  },
};
