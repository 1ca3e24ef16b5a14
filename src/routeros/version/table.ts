import { type MenuEntry, ROWS, RULES, SINGLE, SWITCHED } from './entry.ts';
import { LANGUAGE } from './language.ts';
import { SERVICES } from './services.ts';

/** What rules of every firewall table can look at. */
const MATCHERS = [
  'chain action comment disabled log log-prefix protocol src-address dst-address src-address-list dst-address-list',
  'src-port dst-port port in-interface out-interface in-interface-list out-interface-list connection-mark',
  'ipsec-policy limit jump-target packet-mark routing-mark',
].join(' ');
const FILTER: MenuEntry = {
  commands: RULES,
  properties: `${MATCHERS} connection-state reject-with address-list address-list-timeout`,
  only: { add: 'place-before copy-from' },
};

/**
 * What RouterOS 7.9 to 7.24 take, of the menus that this project uses. What is not here is not known, and is asked of the router
 * itself. Held against each version's own word by test/unit/routeros/version/table.test.ts.
 */
export const MENUS: Readonly<Record<string, MenuEntry>> = {
  ...SERVICES,
  '/': LANGUAGE,
  '/console': { commands: 'inspect', only: { inspect: 'request path input as-value' } },
  '/interface': { commands: 'print get find set enable disable', only: { set: 'name mtu disabled comment' } },
  '/interface/bridge': {
    commands: SWITCHED,
    properties: 'name mtu protocol-mode admin-mac auto-mac vlan-filtering disabled comment',
  },
  '/interface/bridge/port': { commands: SWITCHED, properties: 'interface bridge pvid disabled comment' },
  '/interface/ethernet': {
    commands: 'print get find set',
    only: { set: 'name mtu mac-address disabled comment' },
  },
  '/interface/list': { commands: ROWS, properties: 'name include exclude comment' },
  '/interface/list/member': { commands: SWITCHED, properties: 'list interface disabled comment' },
  '/interface/wireguard': {
    commands: SWITCHED,
    properties: 'name mtu listen-port private-key vrf@7.21 disabled comment',
  },
  '/interface/wireguard/peers': {
    commands: SWITCHED,
    properties: [
      'interface public-key endpoint-address endpoint-port allowed-address preshared-key persistent-keepalive disabled comment',
      'name@7.15 is-responder@7.15-7.17 responder@7.17 private-key@7.12 client-address@7.12 client-dns@7.12',
      'client-endpoint@7.12 client-keepalive@7.12 client-listen-port@7.12 client-allowed-address@7.21',
    ].join(' '),
  },
  '/ip/address': { commands: SWITCHED, properties: 'address network interface disabled comment' },
  '/ip/dhcp-client': {
    commands: SWITCHED,
    properties:
      'interface add-default-route default-route-distance use-peer-dns use-peer-ntp disabled comment',
  },
  '/ip/dns': {
    commands: SINGLE,
    only: {
      set: 'servers use-doh-server verify-doh-cert allow-remote-requests cache-size cache-max-ttl max-udp-packet-size address-list-extra-time@7.10 vrf@7.15',
    },
  },
  '/ip/firewall/filter': FILTER,
  '/ip/firewall/nat': {
    commands: RULES,
    properties: `${MATCHERS} to-addresses to-ports`,
    only: { add: 'place-before copy-from' },
  },
  '/ip/firewall/address-list': { commands: SWITCHED, properties: 'list address timeout disabled comment' },
  '/ipv6/address': {
    commands: SWITCHED,
    properties: 'address interface advertise eui-64 from-pool no-dad auto-link-local@7.18 disabled comment',
  },
  '/ipv6/firewall/filter': FILTER,
  '/ipv6/settings': {
    commands: SINGLE,
    only: { set: 'disable-ipv6 forward accept-redirects accept-router-advertisements max-neighbor-entries' },
  },
  '/ip/route': {
    commands: SWITCHED,
    properties:
      'dst-address gateway distance pref-src routing-table scope target-scope check-gateway disabled comment',
  },
  '/ip/service': {
    commands: 'print get find set enable disable',
    only: { set: 'port address available-from@7.24 certificate tls-version vrf max-sessions@7.16 disabled' },
  },
  '/log': {
    commands: 'print get find debug info warning error',
    only: { debug: 'message', info: 'message', warning: 'message', error: 'message' },
  },
  '/safe-mode': { versions: '7.18', commands: 'print get take release unroll' },
  '/system': { commands: 'reboot shutdown' },
  '/system/clock': { commands: SINGLE, only: { set: 'time-zone-autodetect time-zone-name date time' } },
  '/system/device-mode': { commands: 'print get update' },
  '/system/identity': { commands: SINGLE, only: { set: 'name' } },
  '/system/license': { commands: 'print get' },
  '/system/ntp/client': { commands: SINGLE, only: { set: 'enabled mode servers vrf' } },
  '/system/package': { commands: 'print get find' },
  '/system/resource': { commands: 'print get' },
  '/system/routerboard': { commands: 'print get' },
  '/system/scheduler': {
    commands: SWITCHED,
    properties: 'name start-date start-time interval on-event policy disabled comment',
  },
  '/system/script': {
    commands: ROWS,
    properties: 'name source owner policy dont-require-permissions comment',
  },
  '/system/script/job': { commands: 'print get find remove' },
  '/tool': { commands: 'ping', only: { ping: 'address count interface interval src-address size' } },
  '/tool/netwatch': {
    commands: SWITCHED,
    properties:
      'name host type interval timeout start-delay startup-delay up-script down-script test-script disabled comment',
  },
  '/user': {
    commands: SWITCHED,
    properties: 'name group address password inactivity-timeout@7.16 inactivity-policy@7.16 disabled comment',
  },
  '/user/active': { commands: 'print get find' },
  '/user/group': { commands: ROWS, properties: 'name policy skin comment' },
  '/user/settings': { commands: SINGLE, only: { set: 'minimum-password-length minimum-categories' } },
};

/** Names of the same thing, newest first: where a version takes more than one of them, it reads out the newest. */
export const RENAMED: readonly { readonly menu: string; readonly names: readonly string[] }[] = [
  { menu: '/ip/service', names: ['available-from', 'address'] },
  { menu: '/interface/wireguard/peers', names: ['responder', 'is-responder'] },
];
