import { rowCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { timeOr } from '../values/limits.ts';
import { bool, integer, integerOr, ipv4, listOf, name, oneOf, prefix, text, time } from '../values/types.ts';
import { freeNameIn, refuseSameName } from './builtin-rows.ts';
import { INTERFACES } from './interface.ts';
import { POOLS } from './pool.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

const SERVERS = '/ip/dhcp-server';
const NETWORKS = '/ip/dhcp-server/network';

const unique = refuseSameName(SERVERS, 'dhcp server');

export const dhcpServerMenu: Menu = {
  path: SERVERS,
  kind: 'rows',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'name', type: name },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'address-pool', type: name, default: 'static-only', reference: POOLS, words: ['static-only'] },
    { name: 'lease-time', type: time, default: '10m' },
    {
      name: 'authoritative',
      type: oneOf('yes', 'no', 'after-2sec-delay', 'after-10sec-delay'),
      default: 'yes',
    },
    { name: 'bootp-support', type: oneOf('none', 'static', 'dynamic') },
    { name: 'bootp-lease-time', type: timeOr('forever', 'lease-time') },
    { name: 'add-arp', type: bool },
    { name: 'always-broadcast', type: bool },
    { name: 'client-mac-limit', type: integerOr(['unlimited'], 0, 4_294_967_295) },
    { name: 'conflict-detection', type: bool },
    { name: 'delay-threshold', type: timeOr('none') },
    { name: 'relay', type: ipv4 },
    { name: 'server-address', type: ipv4 },
    { name: 'lease-script', type: text, default: '' },
    { name: 'use-radius', type: oneOf('no', 'yes', 'accounting'), default: 'no' },
    { name: 'use-reconfigure', type: bool, default: 'false', since: '7.19' },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.name ||= freeNameIn(SERVERS, 'dhcp', context);
      unique(values, context);
      const taken = context.configuration
        .entries(SERVERS)
        .some(
          (server) => server.values.interface === values.interface && server.values.relay === values.relay,
        );
      // Unsure in its words.
      if (taken) throw new RouterOsTrap('failure: dhcp server on that interface already exists', 4);
    },
    set: (entry, changes, context) => unique({ ...entry.values, ...changes }, context, entry),
  },
};

export const dhcpNetworkMenu: Menu = {
  path: NETWORKS,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'comment', 'unset'),
  properties: [
    { name: 'address', type: prefix, required: true },
    { name: 'gateway', type: listOf(ipv4), default: '' },
    { name: 'netmask', type: integer(0, 32) },
    { name: 'dns-server', type: listOf(ipv4), default: '' },
    { name: 'dns-none', type: bool, default: 'false' },
    { name: 'domain', type: text, default: '' },
    { name: 'wins-server', type: listOf(ipv4), default: '' },
    { name: 'ntp-server', type: listOf(ipv4), default: '' },
    { name: 'ntp-none', type: bool, default: 'false', since: '7.20' },
    { name: 'caps-manager', type: listOf(ipv4), default: '' },
    { name: 'dhcp-option', type: text, default: '' },
    { name: 'dhcp-option-set', type: text, default: '' },
    { name: 'boot-file-name', type: text, default: '' },
    { name: 'next-server', type: ipv4 },
    comment,
  ],
  rules: {
    add: (values, context) => {
      const networks = context.configuration.entries(NETWORKS);
      if (networks.some((network) => network.values.address === values.address)) {
        throw new RouterOsTrap('failure: such network already exists', 4);
      }
    },
  },
};
