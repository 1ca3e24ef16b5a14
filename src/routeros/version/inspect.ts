import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import type { ApiRow } from '../api/reply.ts';
import { RouterOsError } from '../errors.ts';

/** What commands are sent over: {@link RouterOsApi}, or a recorded one. */
export type Asked = Pick<RouterOsApi, 'command'>;

/** What stands under a place in the console's tree. */
export interface Children {
  /** Arguments of a command, or commands and menus of a menu. */
  readonly names: ReadonlySet<string>;
  /** There was more than is taken: a name that is missing here may be there all the same. */
  readonly isCut: boolean;
}

/** The largest menu of 7.24 has below a hundred. */
const MOST_NAMES = 512;
const NAME = /^[a-z0-9.][a-z0-9._-]{0,63}$/;

/**
 * Asks the router itself (`/console/inspect`, request `child`): the first row tells of the place itself (`type` `self`), the others
 * of what is under it. The path is a list, joined by commas: `ip,service,set`.
 *
 * Null where the router says that it has no such place, be it by an empty answer or by a refusal; `unanswered` when it would not
 * say (no right to ask, say). Throws {@link RouterOsError} only where the session is over.
 */
export async function inspect(
  session: Asked,
  place: string,
  options: CommandOptions = {},
): Promise<Children | null | 'unanswered'> {
  const path = place.split('/').filter((part) => part !== '');
  if (path.some((part) => !NAME.test(part))) return null;
  try {
    const { rows, truncated } = await session.command(
      { path: '/console/inspect', attributes: { request: 'child', path: path.join(',') } },
      { ...options, takeRows: MOST_NAMES },
    );
    return childrenOf(rows, truncated);
  } catch (error) {
    if (!(error instanceof RouterOsError)) throw error;
    if (error.code === 'NoSuchCommand') return null;
    if (error.code === 'Trap' && (error.category === 0 || /no such (item|entry)/i.test(error.message)))
      return null;
    if (error.code === 'Trap' || error.code === 'NotPermitted' || error.code === 'Timeout')
      return 'unanswered';
    throw error;
  }
}

function childrenOf(rows: readonly ApiRow[], isCut: boolean): Children | null {
  if (!rows.some(({ type }) => type === 'self' || type === 'child')) return null;
  const names = rows
    .filter(({ type }) => type === 'child')
    .map(({ name = '' }) => name)
    .filter((name) => NAME.test(name));
  return { names: new Set(names), isCut };
}
