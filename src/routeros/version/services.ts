import { type MenuEntry, ROWS, RULES, SINGLE, SWITCHED } from './entry.ts';

/** Menus of what profiles set up: log-in of customers, addresses, names, time, watching, and what is closed for safety. */
export const SERVICES: Readonly<Record<string, MenuEntry>> = {
  '/radius': {
    commands: SWITCHED,
    properties: [
      'service address secret src-address timeout authentication-port accounting-port accounting-backup called-id domain',
      'realm protocol certificate require-message-auth@7.15 radsec-timeout@7.19.6 disabled comment',
    ].join(' '),
  },
  '/radius/incoming': { commands: SINGLE, only: { set: 'accept port' } },
  '/ppp/aaa': {
    commands: SINGLE,
    only: {
      set: 'use-radius accounting interim-update use-circuit-id-in-nas-port-id enable-ipv6-accounting@7.15',
    },
  },
  '/ppp/profile': {
    commands: ROWS,
    properties: [
      'name local-address remote-address dns-server wins-server rate-limit only-one change-tcp-mss use-compression use-encryption',
      'use-mpls use-upnp use-ipv6 session-timeout idle-timeout address-list interface-list incoming-filter outgoing-filter',
      'bridge on-up on-down comment',
    ].join(' '),
  },
  '/ppp/secret': {
    commands: SWITCHED,
    properties:
      'name password service caller-id profile local-address remote-address routes limit-bytes-in limit-bytes-out disabled comment',
  },
  '/interface/pppoe-server/server': {
    commands: SWITCHED,
    properties: [
      'service-name interface authentication default-profile keepalive-timeout max-mtu max-mru mrru max-sessions',
      'one-session-per-host accept-empty-service pado-delay pppoe-over-vlan-range@7.17 accept-untagged@7.20 disabled comment',
    ].join(' '),
  },
  '/ip/pool': { commands: ROWS, properties: 'name ranges next-pool comment' },
  '/ip/dhcp-server': {
    commands: SWITCHED,
    properties: [
      'name interface address-pool lease-time authoritative use-radius lease-script relay server-address add-arp',
      'address-lists@7.17 use-reconfigure@7.19 disabled comment',
    ].join(' '),
  },
  '/ip/dhcp-server/network': {
    commands: ROWS,
    properties:
      'address gateway netmask dns-server dns-none domain ntp-server ntp-none@7.20 wins-server comment',
  },
  '/ip/hotspot': {
    commands: SWITCHED,
    properties:
      'name interface address-pool profile idle-timeout keepalive-timeout login-timeout addresses-per-mac disabled',
  },
  '/ip/hotspot/profile': {
    commands: ROWS,
    properties: [
      'name hotspot-address dns-name html-directory login-by http-cookie-lifetime rate-limit ssl-certificate use-radius',
      'radius-accounting radius-interim-update radius-default-domain radius-location-id radius-location-name nas-port-type',
      'mac-auth-mode mac-auth-password split-user-domain trial-uptime-limit trial-uptime-reset trial-user-profile',
    ].join(' '),
  },
  '/ip/hotspot/user': {
    commands: SWITCHED,
    properties:
      'name password server profile address mac-address limit-uptime limit-bytes-total disabled comment',
  },
  '/ip/hotspot/user/profile': {
    commands: ROWS,
    properties:
      'name address-pool session-timeout idle-timeout keepalive-timeout shared-users rate-limit address-list',
  },
  '/ip/hotspot/walled-garden': {
    commands: SWITCHED,
    properties: 'action server src-address method dst-host dst-port path disabled comment',
  },
  '/ip/hotspot/walled-garden/ip': {
    commands: SWITCHED,
    properties: 'action server src-address dst-address protocol dst-port dst-host disabled comment',
  },
  '/queue/simple': {
    commands: RULES,
    properties: [
      'name target dst parent packet-marks priority queue limit-at max-limit burst-limit burst-threshold burst-time bucket-size',
      'time disabled comment',
    ].join(' '),
  },
  '/snmp': {
    commands: SINGLE,
    only: {
      set: 'enabled contact location engine-id@-7.10 engine-id-suffix@7.10 src-address trap-target trap-community trap-version trap-generators trap-interfaces vrf',
    },
  },
  '/snmp/community': {
    commands: SWITCHED,
    properties:
      'name addresses security read-access write-access authentication-protocol authentication-password encryption-protocol encryption-password disabled comment',
  },
  '/system/logging': {
    commands: SWITCHED,
    properties: 'topics action prefix regex@7.17 comment@7.22 disabled',
  },
  '/system/logging/action': {
    commands: ROWS,
    properties: [
      'name target remote remote-port src-address bsd-syslog@-7.18 remote-log-format@7.18 remote-protocol@7.18 vrf@7.19.6',
      'syslog-time-format syslog-facility syslog-severity memory-lines disk-file-name disk-file-count disk-lines-per-file remember',
    ].join(' '),
  },
  '/system/ntp/client/servers': {
    commands: SWITCHED,
    properties: 'address iburst min-poll max-poll auth-key disabled comment',
  },
  '/ip/ssh': {
    commands: SINGLE,
    only: {
      set: 'forwarding-enabled strong-crypto host-key-size host-key-type allow-none-crypto@-7.17 ciphers@7.17 always-allow-password-login@-7.21 password-authentication@7.21',
    },
  },
  '/ip/cloud': { commands: SINGLE, only: { set: 'ddns-enabled ddns-update-interval update-time' } },
  '/ip/neighbor/discovery-settings': {
    commands: SINGLE,
    only: { set: 'discover-interface-list mode protocol discover-interval@7.16' },
  },
  '/tool/mac-server': { commands: SINGLE, only: { set: 'allowed-interface-list' } },
  '/tool/mac-server/mac-winbox': { commands: SINGLE, only: { set: 'allowed-interface-list' } },
  '/tool/mac-server/ping': { commands: SINGLE, only: { set: 'enabled' } },
  '/tool/bandwidth-server': {
    commands: SINGLE,
    only: { set: 'enabled authenticate max-sessions allocate-udp-ports-from' },
  },
};
