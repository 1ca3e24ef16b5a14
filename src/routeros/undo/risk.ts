/** Which changes can cut us off from a router, so that they go under an undo. */
import type { Change } from './change.ts';

/**
 * Menus through which packets of the tunnel, of what carries it, or our log-in go. All of `/interface`, since the tunnel
 * may be carried by any of them, and so queues and a hotspot, which are put on an interface.
 */
const RISKY = [
  '/interface',
  '/ip/address',
  '/ip/arp',
  '/ip/dhcp-client',
  '/ip/firewall',
  '/ip/hotspot',
  '/ip/ipsec',
  '/ip/kid-control',
  '/ip/route',
  '/ip/service',
  '/ip/settings',
  '/ip/vrf',
  '/ipv6',
  '/mpls',
  '/ppp/profile',
  '/queue',
  '/routing',
  '/user',
] as const;

/** Below risky menus, but no packet and no log-in depends on them. */
const HARMLESS = ['/ip/hotspot/user', '/ip/hotspot/walled-garden', '/user/settings'] as const;

const isIn = (path: string, menus: readonly string[]): boolean =>
  menus.some((menu) => path === menu || path.startsWith(`${menu}/`));

/** A comment alone cuts nobody off. */
export function isRisky(change: Change): boolean {
  if (change.kind === 'set' && Object.keys(change.values).every((name) => name === 'comment')) return false;
  return isRiskyMenu(change.path);
}

/** `path`: a menu without a command, `/ip/firewall/filter`. */
export const isRiskyMenu = (path: string): boolean => isIn(path, RISKY) && !isIn(path, HARMLESS);

/** Menus whose rows need the policy `policy`: what a router runs by itself after a restart has it in a scheduler only. */
export const needsPolicy = ({ path }: Change): boolean => isIn(path, ['/user']);
