/** How changes are made under an undo: what goes in, and what comes out. */
import type { RouterOsApi } from '../api/client.ts';
import type { RouterOsError } from '../errors.ts';
import type { Change } from './change.ts';

export interface UndoInput {
  /** A session that is logged in. It may be unusable afterwards, and is not closed here. */
  api: RouterOsApi;
  /** Opens one more session to the same router and logs in. Closed here. Throws as connecting and `login` do. */
  openAnother: (signal: AbortSignal) => Promise<RouterOsApi>;
  /** Sent one after another, in this order. */
  changes: readonly Change[];
  /**
   * Asks the router, once all changes are made, for what makes it heed them, where it does not by itself; it changes nothing that
   * would have to be taken back. `giveUp` is a line of script that makes the router undo at once.
   */
  takeEffect?: (api: RouterOsApi, undo: { giveUp: string; signal: AbortSignal }) => Promise<void>;
  /** What else has to hold, asked over the new session; throws where it does not. Default: that it answers a read. */
  prove?: (api: RouterOsApi, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
  /** Whether safe mode is taken where it can be had. Default true; without it the undo of ours is all there is, and survives a restart. */
  takesSafeMode?: boolean;
  limits?: Partial<UndoLimits>;
  /** Random text of 8 or more letters and digits, which tells this undo from any other. */
  nonce?: () => string;
}

export interface UndoLimits {
  /** For each command, ms. */
  commandMs: number;
  /** For all changes and the proof together, ms; the router waits longer than that before it acts by itself. */
  changeMs: number;
  /** For one attempt to open and prove the new session, ms; attempts follow each other within `changeMs`. */
  proofMs: number;
  /** How long to wait for the router to have undone it when it is told to, ms. */
  putBackMs: number;
}

/**
 * - `Kept`: made and proven. `unfinished`: rows that were to go are disabled, and could not be removed yet.
 * - `Undone`: the router is as it was before, and said so; `because` is what went wrong.
 * - `Undoing`: we are cut off, and the router undoes it by itself, within {@link ROUTER_ACTS_WITHIN_MS}.
 * - `Refused`: nothing was changed, since the router could not be made to undo it by itself.
 *
 * `because` may be an error of {@link UndoInput.openAnother}, so it is not always a {@link RouterOsError}.
 */
export type UndoOutcome =
  | { state: 'Kept'; safeMode: boolean; unfinished?: RouterOsError }
  | { state: 'Undone'; because: unknown }
  | { state: 'Undoing'; because: unknown }
  | { state: 'Refused'; because: unknown };

/**
 * From the moment the last connection was cut, whatever was cut, and also when the router was rebooted: so much later it
 * is as it was, ms.
 */
export const ROUTER_ACTS_WITHIN_MS = 180_000;
