import { rowCommands } from '../configuration/commands.ts';
import type { Menu } from '../configuration/definition.ts';
import { RouterOsTrap } from '../trap.ts';
import { address, negatableWords } from '../values/limits.ts';
import { bool, integer, name, oneOf, text } from '../values/types.ts';
import { isBuiltin, refuseBuiltin, refuseSameName } from './builtin-rows.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const LOGGING = '/system/logging';
export const ACTIONS = '/system/logging/action';

/** Those of every version from 7.9 to 7.24 that a customer is likely to name; others are refused (manual, "Log"). */
const TOPICS = [
  'account',
  'backup',
  'bgp',
  'bridge',
  'caps',
  'certificate',
  'critical',
  'ddns',
  'debug',
  'dhcp',
  'dns',
  'dot1x',
  'dude',
  'e-mail',
  'error',
  'event',
  'fetch',
  'firewall',
  'health',
  'hotspot',
  'igmp-proxy',
  'info',
  'interface',
  'ipsec',
  'isdn',
  'kvm',
  'l2tp',
  'lora',
  'lte',
  'mqtt',
  'netinstall',
  'netwatch',
  'ntp',
  'ospf',
  'ovpn',
  'packet',
  'pim',
  'poe-out',
  'ppp',
  'pppoe',
  'pptp',
  'radius',
  'radvd',
  'raw',
  'read',
  'rip',
  'route',
  'rsvp',
  'script',
  'simulator',
  'smb',
  'snmp',
  'ssh',
  'sstp',
  'state',
  'store',
  'stp',
  'system',
  'telephony',
  'tftp',
  'timer',
  'tr069',
  'update',
  'ups',
  'vrrp',
  'warning',
  'watchdog',
  'web-proxy',
  'wireless',
  'write',
];

/** Rows have a comment from 7.22 on only. */
export const loggingMenu: Menu = {
  path: LOGGING,
  kind: 'rows',
  dynamicFlag: 'none',
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable'),
  properties: [
    { name: 'topics', type: negatableWords(TOPICS), default: 'info' },
    { name: 'action', type: name, default: 'memory', reference: ACTIONS },
    { name: 'prefix', type: text, default: '' },
    { name: 'regex', type: text, default: '', since: '7.17' },
    isBuiltin,
    invalid,
    disabled,
    { ...comment, since: '7.22' },
  ],
  rules: { remove: refuseBuiltin },
};

const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'security',
  'console',
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((number) => `local${number}`),
];
const SEVERITIES = ['auto', 'emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];
const unique = refuseSameName(ACTIONS, 'action');

/** Where messages go; `memory`, `disk`, `echo` and `remote` are built in. 7.18 gave the format a property of its own. */
export const loggingActionMenu: Menu = {
  path: ACTIONS,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'comment'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'target', type: oneOf('disk', 'echo', 'email', 'memory', 'remote'), required: true },
    { name: 'remember', type: bool, default: 'true' },
    { name: 'remote', type: address, default: '0.0.0.0' },
    { name: 'remote-port', type: integer(1, 65535), default: '514' },
    { name: 'src-address', type: address, default: '0.0.0.0' },
    { name: 'bsd-syslog', type: bool, default: 'false', until: '7.18' },
    {
      name: 'remote-log-format',
      type: oneOf('default', 'bsd-syslog', 'syslog', 'cef'),
      default: 'default',
      since: '7.18',
    },
    { name: 'remote-protocol', type: oneOf('udp', 'tcp'), default: 'udp', since: '7.18' },
    { name: 'syslog-time-format', type: oneOf('bsd-syslog', 'iso8601'), default: 'bsd-syslog' },
    { name: 'syslog-facility', type: oneOf(...FACILITIES), default: 'daemon' },
    { name: 'syslog-severity', type: oneOf(...SEVERITIES), default: 'auto' },
    { name: 'memory-lines', type: integer(1, 65535), default: '1000' },
    { name: 'memory-stop-on-full', type: bool, default: 'false' },
    { name: 'disk-file-name', type: text, default: 'log' },
    { name: 'disk-file-count', type: integer(1, 65535), default: '2' },
    { name: 'disk-lines-per-file', type: integer(1, 65535), default: '1000' },
    { name: 'disk-stop-on-full', type: bool, default: 'false' },
    { name: 'email-to', type: text, default: '' },
    { name: 'email-start-tls', type: bool, default: 'false' },
    { name: 'vrf', type: text, default: 'main', since: '7.19.6' },
    isBuiltin,
    comment,
  ],
  rules: {
    add: (values, context) => {
      if (!/^[A-Za-z0-9]+$/.test(values.name ?? '')) {
        // Seen when a name had a hyphen; unsure in its words.
        throw new RouterOsTrap('failure: action name can contain only letters and numbers', 4);
      }
      unique(values, context);
    },
    set: (entry, changes, context) => unique({ ...entry.values, ...changes }, context, entry),
    remove: refuseBuiltin,
  },
};
