/** What an earlier session has left, which was cut in the middle of a change. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { disarm } from './arm.ts';
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

/**
 * To be asked before anything is changed on a router, by whoever has just logged in as `user`; nobody else may be under way
 * there for us. Throws {@link RouterOsError}.
 */
export async function settleUndo(
  api: RouterOsApi,
  user: string,
  options: CommandOptions = {},
): Promise<Leftovers> {
  const isOurs = (safeMode: SafeMode | undefined): boolean =>
    safeMode?.enabled === true && safeMode.user === user;
  const look = () => Promise.all([watches(api, options), readSafeMode(api, options).then(isOurs)]);
  const [all, isHeld] = await look();
  for (const { nonce } of all.filter(({ isKept }) => isKept)) await disarm(api, nonce, options);
  const left = all.filter(({ isKept }) => !isKept);
  if (left.length === 0 && !isHeld) return 'Clear';
  if (isHeld) await unrollSafeMode(api, options).catch(() => {});
  for (const { id } of left) await hurry(api, id, options).catch(() => {});
  for (let waited = 0; ; waited += LOOK_MS) {
    const [still, isStillHeld] = await look();
    if (still.length === 0 && !isStillHeld) return 'Undone';
    if (waited >= WAIT_MS || options.signal?.aborted === true) return 'Busy';
    await pause(LOOK_MS, options.signal);
  }
}
