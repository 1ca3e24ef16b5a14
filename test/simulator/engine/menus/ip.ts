import { rowCommands, singleCommands } from '../configuration/commands.ts';
import type { Context, Menu, Values } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { canonicalPrefix, networkOf, parsePrefix } from '../values/address.ts';
import { address, kibibytes } from '../values/limits.ts';
import {
  bool,
  integer,
  interfaceAddress,
  ipv4,
  listOf,
  name,
  oneOf,
  prefix,
  text,
  time,
} from '../values/types.ts';
import { INTERFACES } from './interface.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const ADDRESSES = '/ip/address';
export const ROUTES = '/ip/route';
export const DHCP_CLIENTS = '/ip/dhcp-client';

const networkFor = (address: string): string => {
  const parsed = parsePrefix(address);
  return parsed ? networkOf(parsed) : '';
};

const exists = (interfaceName: string | undefined, context: Context): boolean =>
  context.configuration.entries(INTERFACES).some((entry) => entry.values.name === interfaceName);

/** Connected routes follow the addresses: they are dynamic rows that nobody adds. */
function keepConnectedRoutes(context: Context): void {
  const { configuration } = context;
  const wanted = new Map<string, Values>();
  for (const { values } of configuration.entries(ADDRESSES)) {
    const parsed = parsePrefix(values.address ?? '');
    if (!parsed || values.disabled === 'true' || !exists(values.interface, context)) continue;
    const route = {
      'dst-address': canonicalPrefix(parsed),
      gateway: values.interface ?? '',
      connect: 'true',
    };
    wanted.set(`${route['dst-address']} ${route.gateway}`, { ...route, distance: '0' });
  }
  for (const entry of [...configuration.entries(ROUTES)]) {
    if (entry.values.connect !== 'true') continue;
    const key = `${entry.values['dst-address']} ${entry.values.gateway}`;
    if (!wanted.delete(key)) configuration.remove(ROUTES, entry);
  }
  for (const values of wanted.values()) configuration.insert(ROUTES, values, { dynamic: true });
}

/** For the router's own changes of addresses, which go through no menu. */
export const addressesChanged = keepConnectedRoutes;

export const addressMenu: Menu = {
  path: ADDRESSES,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'address', type: interfaceAddress, required: true },
    { name: 'network', type: ipv4 },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'actual-interface', type: text, readOnly: true },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      values.network ||= networkFor(values.address ?? '');
      refuseTwice(values, context);
    },
    set: (entry, changes, context) => {
      if (changes.address !== undefined) changes.network ??= networkFor(changes.address);
      if (changes.network === '') changes.network = networkFor(changes.address ?? entry.values.address ?? '');
      refuseTwice({ ...entry.values, ...changes }, context, entry.id);
    },
    changed: keepConnectedRoutes,
    computed: (entry, context) => {
      const there = exists(entry.values.interface, context);
      return { 'actual-interface': entry.values.interface ?? '', invalid: String(!there) };
    },
  },
};

/** @throws {RouterOsTrap} `failure: already have such address` */
export function refuseTwice(values: Values, context: Context, own?: string, addresses = ADDRESSES): void {
  const same = context.configuration
    .entries(addresses)
    .some(
      (entry) =>
        entry.id !== own &&
        entry.values.address === values.address &&
        entry.values.interface === values.interface,
    );
  if (same) throw new RouterOsTrap('failure: already have such address', 4);
}

export const routeMenu: Menu = {
  path: ROUTES,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'dst-address', type: prefix, default: '0.0.0.0/0' },
    { name: 'gateway', type: text, default: '' },
    { name: 'distance', type: integer(0, 255), default: '1' },
    { name: 'pref-src', type: ipv4 },
    { name: 'routing-table', type: text, default: 'main' },
    { name: 'scope', type: integer(0, 255), default: '30' },
    { name: 'target-scope', type: integer(0, 255), default: '10' },
    { name: 'check-gateway', type: oneOf('none', 'arp', 'ping', 'bfd') },
    { name: 'connect', type: bool, readOnly: true },
    { name: 'dhcp', type: bool, readOnly: true },
    { name: 'static', type: bool, readOnly: true },
    { name: 'active', type: bool, readOnly: true },
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => {
      if (!values.gateway) throw new RouterOsTrap('missing value(s) of argument(s) gateway', 1);
      const same = context.configuration
        .entries(ROUTES)
        .some(
          (entry) =>
            !entry.dynamic &&
            (entry.values['dst-address'] ?? '0.0.0.0/0') === (values['dst-address'] ?? '0.0.0.0/0') &&
            entry.values.gateway === values.gateway &&
            (entry.values.distance ?? '1') === (values.distance ?? '1'),
        );
      if (same) throw new RouterOsTrap('failure: already have such route', 4);
    },
    computed: (entry) => ({
      active: String(entry.values.disabled !== 'true'),
      ...(entry.dynamic ? {} : { static: 'true' }),
    }),
  },
};

export const dhcpClientMenu: Menu = {
  path: DHCP_CLIENTS,
  kind: 'rows',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'add-default-route', type: oneOf('yes', 'no', 'special-classless'), default: 'yes' },
    { name: 'default-route-distance', type: integer(0, 255), default: '1' },
    { name: 'use-peer-dns', type: oneOf('yes', 'no', 'exclusively'), default: 'yes' },
    { name: 'use-peer-ntp', type: bool, default: 'true' },
    { name: 'status', type: text, readOnly: true, default: 'searching...' },
    { name: 'address', type: text, readOnly: true },
    { name: 'gateway', type: text, readOnly: true },
    disabled,
    invalid,
    comment,
  ],
  rules: {
    add: (values, context) => {
      const clients = context.configuration.entries(DHCP_CLIENTS);
      if (clients.some((client) => client.values.interface === values.interface)) {
        throw new RouterOsTrap('failure: dhcp-client on that interface already exists', 4);
      }
    },
  },
};

export const dnsMenu: Menu = {
  path: '/ip/dns',
  kind: 'single',
  commands: singleCommands(true),
  properties: [
    { name: 'servers', type: listOf(address), default: '' },
    { name: 'dynamic-servers', type: text, readOnly: true, default: '' },
    { name: 'use-doh-server', type: text, default: '' },
    { name: 'verify-doh-cert', type: bool, default: 'false' },
    { name: 'doh-max-server-connections', type: integer(1, 1000), default: '5' },
    { name: 'doh-max-concurrent-queries', type: integer(1, 1000), default: '50' },
    { name: 'doh-timeout', type: time, default: '5s' },
    { name: 'allow-remote-requests', type: bool, default: 'false' },
    { name: 'max-udp-packet-size', type: integer(50, 65507), default: '4096' },
    { name: 'query-server-timeout', type: time, default: '2s' },
    { name: 'query-total-timeout', type: time, default: '10s' },
    { name: 'max-concurrent-queries', type: integer(1, 65535), default: '100' },
    { name: 'max-concurrent-tcp-sessions', type: integer(1, 65535), default: '20' },
    { name: 'cache-size', type: kibibytes, default: '2048KiB' },
    { name: 'cache-max-ttl', type: time, default: '1w' },
    { name: 'cache-used', type: text, readOnly: true, default: '48KiB' },
    { name: 'address-list-extra-time', type: time, default: '0s', since: '7.12' },
    { name: 'vrf', type: text, default: 'main', since: '7.15' },
    { name: 'mdns-repeat-ifaces', type: text, default: '', since: '7.16' },
  ],
};

/** Rows of other types than an address are not simulated. */
export const dnsStaticMenu: Menu = {
  path: '/ip/dns/static',
  kind: 'rows',
  ordered: true,
  commands: rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move'),
  properties: [
    { name: 'name', type: text },
    { name: 'regexp', type: text },
    { name: 'type', type: oneOf('A', 'AAAA', 'CNAME', 'FWD', 'NXDOMAIN', 'TXT') },
    { name: 'address', type: address },
    { name: 'cname', type: text },
    { name: 'forward-to', type: text },
    { name: 'text', type: text },
    { name: 'ttl', type: time, default: '1d' },
    { name: 'match-subdomain', type: bool },
    { name: 'address-list', type: text },
    disabled,
    comment,
  ],
  rules: {
    add: (values) => {
      if (!values.name && !values.regexp) throw new RouterOsTrap('failure: name or regexp must be set', 4);
    },
  },
};
