import type { Context, Values } from './configuration/definition.ts';
import type { Configuration } from './configuration/store.ts';
import { addBuiltinRows } from './factory-services.ts';
import { filterMenu } from './menus/firewall.ts';
import { INTERFACES, LISTS } from './menus/interface.ts';
import { ADDRESSES, addressesChanged, DHCP_CLIENTS } from './menus/ip.ts';
import { FACTORY_SERVICES, SERVICES } from './menus/service.ts';
import { isSoftware } from './menus/system.ts';
import { GROUPS, POLICIES, USERS } from './menus/user.ts';

const DEFCONF = 'defconf';

/** Input and forward rules of a home router (published exports; manual, "Building Advanced Firewall"). */
const DEFAULT_FILTER: readonly Values[] = [
  {
    chain: 'input',
    action: 'accept',
    'connection-state': 'established,related,untracked',
    comment: 'accept established,related,untracked',
  },
  { chain: 'input', action: 'drop', 'connection-state': 'invalid', comment: 'drop invalid' },
  { chain: 'input', action: 'accept', protocol: 'icmp', comment: 'accept ICMP' },
  {
    chain: 'input',
    action: 'accept',
    'dst-address': '127.0.0.1',
    comment: 'accept to local loopback (for CAPsMAN)',
  },
  { chain: 'input', action: 'drop', 'in-interface-list': '!LAN', comment: 'drop all not coming from LAN' },
  { chain: 'forward', action: 'accept', 'ipsec-policy': 'in,ipsec', comment: 'accept in ipsec policy' },
  { chain: 'forward', action: 'accept', 'ipsec-policy': 'out,ipsec', comment: 'accept out ipsec policy' },
  {
    chain: 'forward',
    action: 'fasttrack-connection',
    'connection-state': 'established,related',
    comment: 'fasttrack',
  },
  {
    chain: 'forward',
    action: 'accept',
    'connection-state': 'established,related,untracked',
    comment: 'accept established,related, untracked',
  },
  { chain: 'forward', action: 'drop', 'connection-state': 'invalid', comment: 'drop invalid' },
  {
    chain: 'forward',
    action: 'drop',
    'connection-state': 'new',
    'connection-nat-state': '!dstnat',
    'in-interface-list': 'WAN',
    comment: 'drop all from WAN not DSTNATed',
  },
];

/** The same for IPv6, without the rules on address lists (manual, "Building Advanced Firewall"). */
const DEFAULT_FILTER6: readonly Values[] = [
  {
    chain: 'input',
    action: 'accept',
    'connection-state': 'established,related,untracked',
    comment: 'accept established,related,untracked',
  },
  { chain: 'input', action: 'drop', 'connection-state': 'invalid', comment: 'drop invalid' },
  { chain: 'input', action: 'accept', protocol: 'icmpv6', comment: 'accept ICMPv6' },
  {
    chain: 'input',
    action: 'accept',
    protocol: 'udp',
    'dst-port': '33434-33534',
    comment: 'accept UDP traceroute',
  },
  {
    chain: 'input',
    action: 'accept',
    protocol: 'udp',
    'dst-port': '546',
    'src-address': 'fe80::/10',
    comment: 'accept DHCPv6-Client prefix delegation.',
  },
  { chain: 'input', action: 'accept', protocol: 'udp', 'dst-port': '500,4500', comment: 'accept IKE' },
  {
    chain: 'input',
    action: 'drop',
    'in-interface-list': '!LAN',
    comment: 'drop everything else not coming from LAN',
  },
  {
    chain: 'forward',
    action: 'accept',
    'connection-state': 'established,related,untracked',
    comment: 'accept established,related,untracked',
  },
  { chain: 'forward', action: 'drop', 'connection-state': 'invalid', comment: 'drop invalid' },
  { chain: 'forward', action: 'accept', protocol: 'icmpv6', comment: 'accept ICMPv6' },
  {
    chain: 'forward',
    action: 'drop',
    'in-interface-list': '!LAN',
    comment: 'drop everything else not coming from LAN',
  },
];

const group = (...granted: string[]): string =>
  [
    ...POLICIES.filter((word) => granted.includes(word)),
    ...POLICIES.filter((word) => !granted.includes(word)).map((word) => `!${word}`),
  ].join(',');

function addUsers(configuration: Configuration): void {
  const all = [...POLICIES];
  const look = [
    'local',
    'telnet',
    'ssh',
    'reboot',
    'read',
    'test',
    'winbox',
    'password',
    'web',
    'sniff',
    'api',
    'romon',
    'rest-api',
  ];
  configuration.insert(GROUPS, { name: 'read', policy: group(...look) });
  configuration.insert(GROUPS, { name: 'write', policy: group(...look, 'write') });
  configuration.insert(GROUPS, { name: 'full', policy: group(...all) });
  configuration.insert(USERS, { name: 'admin', group: 'full', comment: 'system default user' });
}

function addInterfaces(configuration: Configuration, count: number): void {
  for (let port = 1; port <= count; port++) {
    const name = `ether${port}`;
    const entry = configuration.insert(INTERFACES, {
      name,
      'default-name': name,
      type: 'ether',
      'mac-address': `02:00:00:00:00:${port.toString(16).padStart(2, '0').toUpperCase()}`,
    });
    entry.runtime.running = String(port === 1);
  }
}

function addDefaultConfiguration(context: Context): void {
  const { configuration } = context;
  configuration.insert(INTERFACES, { name: 'bridge', type: 'bridge', mtu: 'auto', comment: DEFCONF });
  for (const port of ['ether2', 'ether3', 'ether4', 'ether5']) {
    configuration.insert('/interface/bridge/port', { interface: port, bridge: 'bridge', comment: DEFCONF });
  }
  for (const [list, member] of [
    ['WAN', 'ether1'],
    ['LAN', 'bridge'],
  ] as const) {
    configuration.insert(LISTS, { name: list, comment: DEFCONF });
    configuration.insert('/interface/list/member', { list, interface: member, comment: DEFCONF });
  }
  configuration.insert(ADDRESSES, {
    address: '192.168.88.1/24',
    network: '192.168.88.0',
    interface: 'bridge',
    comment: DEFCONF,
  });
  configuration.single('/ip/dns').values['allow-remote-requests'] = 'true';
  configuration.insert('/ip/firewall/nat', {
    chain: 'srcnat',
    action: 'masquerade',
    'out-interface-list': 'WAN',
    'ipsec-policy': 'out,none',
    comment: `${DEFCONF}: masquerade`,
  });
  for (const rule of DEFAULT_FILTER) {
    configuration.insert('/ip/firewall/filter', { ...rule, comment: `${DEFCONF}: ${rule.comment}` });
  }
  for (const rule of DEFAULT_FILTER6) {
    configuration.insert('/ipv6/firewall/filter', { ...rule, comment: `${DEFCONF}: ${rule.comment}` });
  }
  filterMenu.rules?.changed?.(context);
  addressesChanged(context);
}

/** Puts a fresh configuration into its factory state; a lease for ether1 comes from outside. */
export function restoreFactory(context: Context, defaultFirewall: boolean): void {
  const { configuration } = context;
  addInterfaces(configuration, isSoftware(context.board) ? 1 : 5);
  for (const name of ['all', 'none', 'dynamic', 'static']) {
    configuration.insert(LISTS, { name, builtin: 'true' }, { dynamic: true });
  }
  for (const [name, port, open] of FACTORY_SERVICES) {
    configuration.insert(SERVICES, { name, port: String(port), ...(open ? {} : { disabled: 'true' }) });
  }
  addUsers(configuration);
  addBuiltinRows(configuration);
  configuration.insert('/system/package', { name: 'routeros', version: context.version.text });
  configuration.insert(DHCP_CLIENTS, {
    interface: 'ether1',
    ...(defaultFirewall ? { comment: DEFCONF } : {}),
  });
  if (defaultFirewall) addDefaultConfiguration(context);
}
