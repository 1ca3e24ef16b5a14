import type { Menu } from '../configuration/definition.ts';
import { inSpan, type Version } from '../version.ts';
import { filter6Menu, filterMenu, natMenu } from './firewall.ts';
import {
  bridgeMenu,
  bridgePortMenu,
  ethernetMenu,
  interfaceMenu,
  listMemberMenu,
  listMenu,
} from './interface.ts';
import { addressMenu, dhcpClientMenu, dnsMenu, routeMenu } from './ip.ts';
import { logMenu } from './log.ts';
import { netwatchMenu } from './netwatch.ts';
import { rootMenu, toolMenu } from './root.ts';
import { serviceMenu } from './service.ts';
import {
  clockMenu,
  identityMenu,
  licenseMenu,
  ntpClientMenu,
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
  toolMenu,
  netwatchMenu,
  interfaceMenu,
  ethernetMenu,
  bridgeMenu,
  bridgePortMenu,
  listMenu,
  listMemberMenu,
  wireguardMenu,
  peersMenu,
  directory('/ip'),
  addressMenu,
  routeMenu,
  dhcpClientMenu,
  dnsMenu,
  serviceMenu,
  directory('/ip/firewall'),
  filterMenu,
  natMenu,
  directory('/ipv6'),
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
  packageMenu,
  schedulerMenu,
  scriptMenu,
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
