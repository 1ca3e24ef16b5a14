import { INTERFACE, USER_GROUP } from '../script/names.ts';

/** What keeps us connected to a router, which no profile may name. */
export interface Ours {
  /** Of the management user. */
  user: string;
  /** The router's address in the tunnel. */
  address: string;
}

/** Our names and comments begin so, apart from what profiles made. */
const PREFIX = INTERFACE;
export const PROFILE_PREFIX = `${PREFIX} profile `;
/** The script that lists what profiles made. */
export const INVENTORY = `${PREFIX}-profiles`;

const NO_ROWS = [
  '/console',
  '/console/inspect',
  '/file',
  '/log',
  '/password',
  '/quit',
  '/safe-mode',
  '/system/backup',
  '/system/device-mode',
  '/system/history',
  '/system/license',
  '/system/package',
  '/system/package/update',
  '/system/reset-configuration',
  '/system/reboot',
  '/system/resource',
  '/system/script/environment',
  '/system/script/job',
  '/system/shutdown',
  '/system/upgrade',
  '/user/active',
];

/** Why a whole menu is not for profiles. */
export function reservedMenu(path: string): string | undefined {
  if (path === '/system/identity')
    return 'the identity of a router is spec.identity of its Router: write it there';
  if (NO_ROWS.includes(path)) return `${path} is nothing that a profile configures`;
  return undefined;
}

/** Why a row is not for profiles: what is declared of it, or what the router says that it is. */
export function reservedRow(
  path: string,
  row: Readonly<Record<string, string>>,
  ours: Ours,
): string | undefined {
  const { name = '', comment = '' } = row;
  const isOurs =
    (comment.startsWith(PREFIX) && !comment.startsWith(PROFILE_PREFIX)) ||
    (name.startsWith(PREFIX) && path !== '/ip/dns/static') ||
    (path === '/user' && name === ours.user) ||
    (path === '/user/group' && name === USER_GROUP) ||
    (path === '/interface/wireguard/peers' && row.interface === INTERFACE) ||
    (path === '/ip/address' &&
      (row.interface === INTERFACE || (row.address ?? '').split('/')[0] === ours.address));
  return isOurs ? 'it is what connects the router to the operator, which no profile changes' : undefined;
}
