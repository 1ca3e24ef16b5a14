import { rowCommands } from '../configuration/commands.ts';
import type { Context, Menu, Property } from '../configuration/definition.ts';
import type { Entry } from '../configuration/store.ts';
import { RouterOsTrap } from '../trap.ts';
import { timeOr } from '../values/limits.ts';
import {
  bool,
  host,
  integer,
  integerOr,
  ipv4,
  match4,
  name,
  notOneOf,
  oneOf,
  ports,
  setOf,
  text,
  time,
} from '../values/types.ts';
import { freeNameIn, isBuiltin, refuseBuiltin, refuseSameName } from './builtin-rows.ts';
import { INTERFACES } from './interface.ts';
import { POOLS } from './pool.ts';
import { comment, disabled, invalid } from './shared-properties.ts';

export const HOTSPOTS = '/ip/hotspot';
export const HOTSPOT_PROFILES = '/ip/hotspot/profile';
export const HOTSPOT_USERS = '/ip/hotspot/user';
export const HOTSPOT_USER_PROFILES = '/ip/hotspot/user/profile';

const LOGINS = ['mac', 'cookie', 'http-chap', 'https', 'http-pap', 'trial', 'mac-cookie'];
const pool: Pick<Property, 'type' | 'default' | 'reference' | 'words'> = {
  type: name,
  default: 'none',
  reference: POOLS,
  words: ['none'],
};

const uniqueServer = refuseSameName(HOTSPOTS, 'hotspot server');
const uniqueProfile = refuseSameName(HOTSPOT_PROFILES, 'profile');
const uniqueUserProfile = refuseSameName(HOTSPOT_USER_PROFILES, 'profile');
const uniqueUser = refuseSameName(HOTSPOT_USERS, 'user');

/**
 * A hotspot that device-mode forbids can be added, and does nothing: the row says so in `.about` (manual,
 * "Device-mode"; read that way by others' clients).
 */
function aboutServer(_entry: Entry, context: Context): Record<string, string> {
  const { hotspot } = context.configuration.single('/system/device-mode').values;
  return hotspot === 'false'
    ? { invalid: 'true', '.about': 'inactivated, not allowed by device-mode' }
    : { invalid: 'false' };
}

/** Rows have no comment. */
export const hotspotMenu: Menu = {
  path: HOTSPOTS,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable'),
  properties: [
    { name: 'name', type: name },
    { name: 'interface', type: name, required: true, reference: INTERFACES },
    { name: 'address-pool', ...pool },
    { name: 'profile', type: name, default: 'default', reference: HOTSPOT_PROFILES },
    { name: 'idle-timeout', type: timeOr('none'), default: '5m' },
    { name: 'keepalive-timeout', type: timeOr('none'), default: 'none' },
    { name: 'login-timeout', type: timeOr('none'), default: 'none' },
    { name: 'addresses-per-mac', type: integerOr(['unlimited'], 1, 65535), default: '2' },
    { name: 'proxy-status', type: text, readOnly: true, default: 'running' },
    { name: '.about', type: text, readOnly: true },
    disabled,
    invalid,
  ],
  rules: {
    add: (values, context) => {
      values.name ||= freeNameIn(HOTSPOTS, 'hotspot', context);
      uniqueServer(values, context);
      const taken = context.configuration
        .entries(HOTSPOTS)
        .some((server) => server.values.interface === values.interface);
      if (taken) throw new RouterOsTrap('failure: hotspot on that interface already exists', 4);
    },
    set: (entry, changes, context) => uniqueServer({ ...entry.values, ...changes }, context, entry),
    computed: aboutServer,
  },
};

export const hotspotProfileMenu: Menu = {
  path: HOTSPOT_PROFILES,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'hotspot-address', type: ipv4, default: '0.0.0.0' },
    { name: 'dns-name', type: text, default: '' },
    { name: 'html-directory', type: text, default: 'hotspot' },
    { name: 'html-directory-override', type: text, default: '' },
    { name: 'http-proxy', type: text, default: '0.0.0.0:0' },
    { name: 'smtp-server', type: ipv4, default: '0.0.0.0' },
    { name: 'install-hotspot-queue', type: bool, default: 'false' },
    { name: 'rate-limit', type: text, default: '' },
    { name: 'login-by', type: setOf(LOGINS), default: 'cookie,http-chap' },
    { name: 'http-cookie-lifetime', type: time, default: '3d' },
    { name: 'mac-auth-mode', type: oneOf('mac-as-username', 'mac-as-username-and-password') },
    { name: 'mac-auth-password', type: text, secret: 'masked' },
    { name: 'ssl-certificate', type: text, default: 'none' },
    { name: 'split-user-domain', type: bool, default: 'false' },
    { name: 'trial-uptime-limit', type: time, default: '30m' },
    { name: 'trial-uptime-reset', type: time, default: '1d' },
    { name: 'trial-user-profile', type: name, default: 'default', reference: HOTSPOT_USER_PROFILES },
    { name: 'use-radius', type: bool, default: 'false' },
    { name: 'radius-accounting', type: bool, default: 'true' },
    { name: 'radius-interim-update', type: timeOr('received'), default: 'received' },
    {
      name: 'nas-port-type',
      type: oneOf('cable', 'ethernet', 'wireless-802.11'),
      default: 'wireless-802.11',
    },
    { name: 'radius-default-domain', type: text, default: '' },
    { name: 'radius-location-id', type: text, default: '' },
    { name: 'radius-location-name', type: text, default: '' },
    {
      name: 'radius-mac-format',
      type: oneOf(
        'XX:XX:XX:XX:XX:XX',
        'XXXX:XXXX:XXXX',
        'XXXXXX:XXXXXX',
        'XX-XX-XX-XX-XX-XX',
        'XXXXXXXXXXXX',
      ),
      default: 'XX:XX:XX:XX:XX:XX',
    },
    isBuiltin,
  ],
  rules: {
    add: (values, context) => uniqueProfile(values, context),
    set: (entry, changes, context) => uniqueProfile({ ...entry.values, ...changes }, context, entry),
    remove: refuseBuiltin,
  },
};

export const hotspotUserProfileMenu: Menu = {
  path: HOTSPOT_USER_PROFILES,
  kind: 'rows',
  dynamicFlag: 'none',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'unset'),
  properties: [
    { name: 'name', type: name, required: true },
    { name: 'address-pool', ...pool },
    { name: 'session-timeout', type: time },
    { name: 'idle-timeout', type: timeOr('none'), default: 'none' },
    { name: 'keepalive-timeout', type: timeOr('none'), default: '2m' },
    { name: 'status-autorefresh', type: timeOr('none'), default: '1m' },
    { name: 'shared-users', type: integerOr(['unlimited'], 1, 65535), default: '1' },
    { name: 'rate-limit', type: text },
    { name: 'address-list', type: text, default: '' },
    { name: 'add-mac-cookie', type: bool, default: 'true' },
    { name: 'mac-cookie-timeout', type: time, default: '3d' },
    { name: 'open-status-page', type: oneOf('always', 'http-login'), default: 'always' },
    { name: 'transparent-proxy', type: bool, default: 'false' },
    { name: 'advertise', type: bool, default: 'false' },
    { name: 'incoming-filter', type: text },
    { name: 'outgoing-filter', type: text },
    { name: 'incoming-packet-mark', type: text },
    { name: 'outgoing-packet-mark', type: text },
    { name: 'on-login', type: text },
    { name: 'on-logout', type: text },
    isBuiltin,
  ],
  rules: {
    add: (values, context) => uniqueUserProfile(values, context),
    set: (entry, changes, context) => uniqueUserProfile({ ...entry.values, ...changes }, context, entry),
    remove: refuseBuiltin,
  },
};

export const hotspotUserMenu: Menu = {
  path: HOTSPOT_USERS,
  kind: 'rows',
  named: true,
  commands: rowCommands('add', 'set', 'remove', 'enable', 'disable', 'comment'),
  properties: [
    { name: 'name', type: name },
    { name: 'password', type: text, default: '', secret: 'masked' },
    { name: 'server', type: name, default: 'all', reference: HOTSPOTS, words: ['all'] },
    { name: 'profile', type: name, default: 'default', reference: HOTSPOT_USER_PROFILES },
    { name: 'address', type: ipv4 },
    { name: 'mac-address', type: text },
    { name: 'email', type: text },
    { name: 'limit-uptime', type: time },
    { name: 'limit-bytes-in', type: integer(0, Number.MAX_SAFE_INTEGER) },
    { name: 'limit-bytes-out', type: integer(0, Number.MAX_SAFE_INTEGER) },
    { name: 'limit-bytes-total', type: integer(0, Number.MAX_SAFE_INTEGER) },
    isBuiltin,
    disabled,
    comment,
  ],
  rules: {
    add: (values, context) => uniqueUser(values, context),
    set: (entry, changes, context) => uniqueUser({ ...entry.values, ...changes }, context, entry),
    remove: refuseBuiltin,
  },
};

const server: Property = { name: 'server', type: name, reference: HOTSPOTS };
const ORDERED = rowCommands('add-ordered', 'set', 'remove', 'enable', 'disable', 'comment', 'move', 'unset');

/** Pages that are open before log-in, through the router's proxy. */
export const walledGardenMenu: Menu = {
  path: '/ip/hotspot/walled-garden',
  kind: 'rows',
  ordered: true,
  commands: ORDERED,
  properties: [
    { name: 'action', type: oneOf('allow', 'deny'), default: 'allow' },
    server,
    { name: 'src-address', type: match4 },
    { name: 'method', type: text },
    { name: 'dst-host', type: text },
    { name: 'dst-port', type: ports },
    { name: 'path', type: text },
    { name: 'hits', type: integer(0, Number.MAX_SAFE_INTEGER), readOnly: true, default: '0' },
    disabled,
    comment,
  ],
};

/** Addresses that are open before log-in. */
export const walledGardenIpMenu: Menu = {
  path: '/ip/hotspot/walled-garden/ip',
  kind: 'rows',
  ordered: true,
  commands: ORDERED,
  properties: [
    { name: 'action', type: oneOf('accept', 'drop', 'reject'), default: 'accept' },
    server,
    { name: 'src-address', type: match4 },
    { name: 'dst-address', type: match4 },
    { name: 'src-address-list', type: text },
    { name: 'dst-address-list', type: text },
    { name: 'protocol', type: notOneOf('tcp', 'udp', 'icmp') },
    { name: 'dst-port', type: ports },
    { name: 'dst-host', type: host },
    invalid,
    disabled,
    comment,
  ],
};
