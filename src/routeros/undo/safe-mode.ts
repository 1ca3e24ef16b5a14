/**
 * RouterOS's own safe mode, over the API from 7.18 on: what is changed while a session holds it is undone when that
 * session ends without having released it (MikroTik manual, Configuration Management; tik4net has measured it over the
 * API). It covers what no list of ours does. It is not enough alone: a router takes minutes to see that a connection
 * is cut (TCP time-out, 9 minutes in the manual), and nothing says what a restart does.
 */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { isTrue } from '../api/reply.ts';
import { RouterOsError } from '../errors.ts';

/** "currently history keeps up to 100 most recent actions"; past that safe mode ends, and undoes nothing. */
const MOST_ACTIONS = 80;

const MENU = '/safe-mode';

export interface SafeMode {
  /** Some session holds it. */
  enabled: boolean;
  /** The session that asks does. */
  current: boolean;
  /** Who holds it. */
  user: string;
}

/** Undefined where the router has none: its answer decides, not its version. Throws {@link RouterOsError}. */
export async function readSafeMode(api: RouterOsApi, options: CommandOptions): Promise<SafeMode | undefined> {
  try {
    const { rows } = await api.command({ path: `${MENU}/print` }, { ...options, takeRows: 1 });
    const { enabled, current, user = '' } = rows[0] ?? {};
    return { enabled: isTrue(enabled), current: isTrue(current), user };
  } catch (error) {
    if (error instanceof RouterOsError && error.code === 'NoSuchCommand') return undefined;
    throw error;
  }
}

/**
 * Whether the router took the command; then it is to be asked whether anything came of it, since in a session without a
 * terminal nothing has been seen to. Never from somebody else: to take it over would undo or keep what that person is
 * doing.
 */
export async function takeSafeMode(
  api: RouterOsApi,
  before: SafeMode | undefined,
  actions: number,
  options: CommandOptions,
): Promise<boolean> {
  if (actions > MOST_ACTIONS || before === undefined || before.enabled) return false;
  try {
    await api.command({ path: `${MENU}/take` }, options);
    return true;
  } catch (error) {
    // Somebody was faster.
    if (error instanceof RouterOsError && error.code === 'Trap') return false;
    throw error;
  }
}

/** Throws {@link RouterOsError} where this session does not hold it any more. */
export async function releaseSafeMode(api: RouterOsApi, options: CommandOptions): Promise<void> {
  await api.command({ path: `${MENU}/release` }, options);
}

/** The same. */
export async function unrollSafeMode(api: RouterOsApi, options: CommandOptions): Promise<void> {
  await api.command({ path: `${MENU}/unroll` }, options);
}
