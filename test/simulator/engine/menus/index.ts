import type { Menu } from '../configuration/definition.ts';
import { inSpan, type Version } from '../version.ts';
import { addressListMenu } from './address-list.ts';
import { consoleMenu } from './console.ts';
import { deviceModeMenu } from './device-mode.ts';
import { dhcpNetworkMenu, dhcpServerMenu } from './dhcp-server.ts';
import { filter6Menu, filterMenu, natMenu } from './firewall.ts';
import {
  bandwidthServerMenu,
  cloudMenu,
  discoveryMenu,
  macPingMenu,
  macServerMenu,
  macWinboxMenu,
  sshMenu,
} from './hardening.ts';
import {
  hotspotMenu,
  hotspotProfileMenu,
  hotspotUserMenu,
  hotspotUserProfileMenu,
  walledGardenIpMenu,
  walledGardenMenu,
} from './hotspot.ts';
import {
  bridgeMenu,
  bridgePortMenu,
  ethernetMenu,
  interfaceMenu,
  listMemberMenu,
  listMenu,
} from './interface.ts';
import { addressMenu, dhcpClientMenu, dnsMenu, dnsStaticMenu, routeMenu } from './ip.ts';
import { address6Menu, settings6Menu } from './ipv6.ts';
import { jobMenu } from './job.ts';
import { logMenu } from './log.ts';
import { loggingActionMenu, loggingMenu } from './logging.ts';
import { netwatchMenu } from './netwatch.ts';
import { ntpClientMenu, ntpServersMenu } from './ntp.ts';
import { poolMenu } from './pool.ts';
import { pppAaaMenu, pppoeServerMenu, pppProfileMenu, pppSecretMenu } from './ppp.ts';
import { simpleQueueMenu } from './queue.ts';
import { radiusIncomingMenu, radiusMenu } from './radius.ts';
import { rootMenu, toolMenu } from './root.ts';
import { safeModeMenu } from './safe-mode.ts';
import { serviceMenu } from './service.ts';
import { communityMenu, snmpMenu } from './snmp.ts';
import {
  clockMenu,
  identityMenu,
  licenseMenu,
  packageMenu,
  resourceMenu,
  routerboardMenu,
  schedulerMenu,
  scriptMenu,
  systemMenu,
} from './system.ts';
import { activeUserMenu, groupMenu, userMenu, userSettingsMenu } from './user.ts';
import { peersMenu, wireguardMenu } from './wireguard.ts';

const directory = (path: string): Menu => ({ path, kind: 'directory', commands: {}, properties: [] });

/** Every menu the simulated router knows; what is not here it refuses as if the router lacked it. */
const MENUS: readonly Menu[] = [
  rootMenu,
  consoleMenu,
  toolMenu,
  netwatchMenu,
  bandwidthServerMenu,
  macServerMenu,
  macWinboxMenu,
  macPingMenu,
  radiusMenu,
  radiusIncomingMenu,
  directory('/ppp'),
  pppProfileMenu,
  pppAaaMenu,
  pppSecretMenu,
  directory('/queue'),
  simpleQueueMenu,
  snmpMenu,
  communityMenu,
  interfaceMenu,
  ethernetMenu,
  bridgeMenu,
  bridgePortMenu,
  listMenu,
  listMemberMenu,
  wireguardMenu,
  peersMenu,
  directory('/interface/pppoe-server'),
  pppoeServerMenu,
  directory('/ip'),
  addressMenu,
  routeMenu,
  dhcpClientMenu,
  dnsMenu,
  dnsStaticMenu,
  serviceMenu,
  sshMenu,
  cloudMenu,
  directory('/ip/neighbor'),
  discoveryMenu,
  poolMenu,
  dhcpServerMenu,
  dhcpNetworkMenu,
  hotspotMenu,
  hotspotProfileMenu,
  hotspotUserMenu,
  hotspotUserProfileMenu,
  walledGardenMenu,
  walledGardenIpMenu,
  directory('/ip/firewall'),
  filterMenu,
  natMenu,
  addressListMenu,
  directory('/ipv6'),
  address6Menu,
  settings6Menu,
  directory('/ipv6/firewall'),
  filter6Menu,
  logMenu,
  systemMenu,
  identityMenu,
  resourceMenu,
  routerboardMenu,
  licenseMenu,
  clockMenu,
  directory('/system/ntp'),
  ntpClientMenu,
  ntpServersMenu,
  loggingMenu,
  loggingActionMenu,
  packageMenu,
  schedulerMenu,
  scriptMenu,
  jobMenu,
  deviceModeMenu,
  safeModeMenu,
  userMenu,
  groupMenu,
  userSettingsMenu,
  activeUserMenu,
];

/** Menus of one version on one board, by path. */
export function menusOf(version: Version, board: string): ReadonlyMap<string, Menu> {
  const present = MENUS.filter((menu) => inSpan(version, menu) && !menu.absentOn?.(board));
  return new Map(present.map((menu) => [menu.path, menu]));
}
