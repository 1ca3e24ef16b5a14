/** What an earlier session has left, which was cut in the middle of a change. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { clear } from './clear.ts';
import { readSafeMode, type SafeMode, unrollSafeMode } from './safe-mode.ts';
import { pause } from './time.ts';
import { hurry, watches } from './watch.ts';

/**
 * - `Clear`: nothing is left; changes may be made.
 * - `Undone`: a change of an earlier session was undone just now, or before.
 * - `Busy`: it is not undone yet, or a session of ours that was cut still holds safe mode; so no change may be made now,
 *   since it would be undone as well. It ends by itself, within 9 minutes at the latest.
 */
export type Leftovers = 'Clear' | 'Undone' | 'Busy';

/** Longer than the job takes to see that it is not to wait, ms. */
const WAIT_MS = 8_000;
const LOOK_MS = 1_000;

export interface Settled {
  found: Leftovers;
  /** As it is afterwards. */
  safeMode: SafeMode | undefined;
}

/**
 * Looks before anything is changed on a router, and helps along what is left. `underUndo` does so by itself; nobody else may
 * be under way there for us. Throws {@link RouterOsError}.
 */
export async function settleUndo(api: RouterOsApi, options: CommandOptions = {}): Promise<Settled> {
  const isOurs = (safeMode: SafeMode | undefined): boolean =>
    safeMode?.enabled === true && safeMode.user === api.user;
  const look = () => Promise.all([watches(api, options), readSafeMode(api, options)]);
  const [all, before] = await look();
  for (const { nonce } of all.filter(({ isKept }) => isKept)) await clear(api, nonce, options);
  const left = all.filter(({ isKept }) => !isKept);
  if (left.length === 0 && !isOurs(before)) return { found: 'Clear', safeMode: before };
  if (isOurs(before)) await unrollSafeMode(api, options).catch(() => {});
  for (const { id } of left) await hurry(api, id, options).catch(() => {});
  for (let waited = 0; ; waited += LOOK_MS) {
    const [still, safeMode] = await look();
    if (still.length === 0 && !isOurs(safeMode)) return { found: 'Undone', safeMode };
    if (waited >= WAIT_MS || options.signal?.aborted === true) return { found: 'Busy', safeMode };
    await pause(LOOK_MS, options.signal);
  }
}
