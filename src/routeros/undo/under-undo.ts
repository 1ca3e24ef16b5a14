/**
 * Changes under an undo: router back as it was, by itself, whatever is cut and whenever.
 *
 * 1. Safe mode is taken, where the router has it and nobody else holds it.
 * 2. The undo is put onto the router: a watch (netwatch, which every device-mode allows and which survives a restart) and
 *    a job in the background, which has our rights. Both know what takes each change back, and act unless the watch says that it is kept, or is gone.
 * 3. The changes are sent; rows that are to go are only disabled.
 *    What the caller needs for them to take effect follows.
 * 4. A new session is opened, and proven by a read and by what the caller wants to see.
 * 5. Safe mode is released, and the watch told that the change is kept: that one sentence decides. Cut before it, all is
 *    undone; cut after it, all is kept. Then the watch and the disabled rows go.
 *
 * What was taken under safe mode includes the watch, so that a session that ends leaves nothing behind.
 */
import { randomBytes } from 'node:crypto';
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import { type Armed, arm, takeOff } from './arm.ts';
import { type Change, commandOf } from './change.ts';
import { clear } from './clear.ts';
import { inverse } from './inverse.ts';
import type { UndoInput, UndoLimits, UndoOutcome } from './outcome.ts';
import { releaseSafeMode, unrollSafeMode } from './safe-mode.ts';
import { giveUpText } from './script.ts';
import { type Limited, limited, pause } from './time.ts';
import { hurry, keep, UNDO, type Watch, watches } from './watch.ts';

/** The router waits 75 s: changes and proof end well before, also where a sentence of ours is late. */
const LIMITS: UndoLimits = { commandMs: 8_000, changeMs: 50_000, proofMs: 10_000, putBackMs: 20_000 };
const AGAIN_MS = 1_000;

/** Does not throw: changes that cannot be sent or undone are refused, too. */
export async function underUndo(input: UndoInput): Promise<UndoOutcome> {
  try {
    for (const change of input.changes) commandOf(change);
    inverse(input.changes);
  } catch (because) {
    return { state: 'Refused', because };
  }
  return new Attempt(input).run();
}

class Attempt {
  readonly #input: UndoInput;
  readonly #limits: UndoLimits;
  /** Ends the changes and the proof. */
  readonly #time: Limited;
  #another: RouterOsApi | undefined;

  constructor(input: UndoInput) {
    this.#input = input;
    this.#limits = { ...LIMITS, ...input.limits };
    this.#time = limited(this.#limits.changeMs, input.signal);
  }

  async run(): Promise<UndoOutcome> {
    try {
      return await this.#run();
    } finally {
      this.#time.end();
      this.#another?.close();
    }
  }

  async #run(): Promise<UndoOutcome> {
    const { api, changes, takesSafeMode = true, nonce = randomNonce } = this.#input;
    let armed: Armed;
    try {
      armed = await arm(api, changes, { nonce: nonce(), takesSafeMode, options: this.#options() });
    } catch (error) {
      return { state: 'Refused', because: error };
    }
    try {
      for (const change of changes) await this.#make(change);
      await this.#input.takeEffect?.(api, {
        giveUp: giveUpText(`${UNDO}${armed.nonce}`),
        signal: this.#time.signal,
      });
      this.#another = await this.#prove();
      if (armed.isSafe) await releaseSafeMode(api, this.#options());
      await keep(this.#another, armed, this.#options());
    } catch (error) {
      return this.#putBack(armed, error);
    }
    return this.#tidy(this.#another, armed);
  }

  async #make(change: Change): Promise<void> {
    const { api } = this.#input;
    await api.command(commandOf(change), this.#options());
    if (!isDisabled(change)) return;
    // RouterOS silently leaves one's own user as it is, and then nothing would have been tried.
    const { path, id } = change;
    const row = { path: `${path}/print`, queries: [`.id=${id}`], proplist: ['disabled'] };
    const { rows } = await api.command(row, this.#options());
    if (rows[0]?.disabled !== 'true' && rows[0]?.disabled !== 'yes')
      throw new RouterOsError(
        'Trap',
        `The router does not let a row of ${path} be disabled, so that its removal cannot be tried.`,
      );
  }

  /** As often as there is time: the first answer over a tunnel, or through a firewall just changed, may get lost. */
  async #prove(): Promise<RouterOsApi> {
    const { signal } = this.#time;
    for (;;) {
      try {
        return await this.#proveOnce();
      } catch (error) {
        if (isFinal(error)) throw error;
        await pause(AGAIN_MS, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  async #proveOnce(): Promise<RouterOsApi> {
    const { openAnother, prove } = this.#input;
    const time = limited(this.#limits.proofMs, this.#time.signal);
    const { signal } = time;
    let another: RouterOsApi | undefined;
    try {
      another = await openAnother(signal);
      await another.command({ path: '/system/identity/print' }, { ...this.#options(), signal });
      await prove?.(another, signal);
      return another;
    } catch (error) {
      another?.close();
      throw error;
    } finally {
      time.end();
    }
  }

  /** At once where anybody can still ask for it; else the router does it by itself. */
  async #putBack(armed: Armed, because: unknown): Promise<UndoOutcome> {
    const { api } = this.#input;
    const options = this.#lastOptions();
    if (armed.isSafe) await unrollSafeMode(api, options).catch(() => {});
    for (const session of [api, this.#another]) {
      if (session === undefined) continue;
      try {
        const watch = await found(session, armed, options);
        // The sentence that keeps the change has arrived, and its answer was lost.
        if (watch?.isKept === true) return await this.#tidy(session, armed);
        if (watch !== undefined) await hurry(session, armed.watch, options);
        await gone(session, armed, this.#limits.putBackMs, options);
        await clear(session, armed.nonce, options).catch(() => {});
        return { state: 'Undone', because };
      } catch {
        // The other session may still be there.
      }
    }
    return { state: 'Undoing', because };
  }

  async #tidy(api: RouterOsApi, armed: Armed): Promise<UndoOutcome> {
    const { changes } = this.#input;
    const kept = { state: 'Kept' as const, safeMode: armed.isSafe };
    const options = this.#lastOptions();
    try {
      await takeOff(api, armed, options);
      for (const change of changes.filter(isDisabled)) await api.command(commandOf(change, true), options);
      return kept;
    } catch (error) {
      return error instanceof RouterOsError ? { ...kept, unfinished: error } : kept;
    }
  }

  #options(): CommandOptions {
    return { timeoutMs: this.#limits.commandMs, signal: this.#time.signal };
  }

  /** For what has to be done also when the time for the change is over. */
  #lastOptions(): CommandOptions {
    return { timeoutMs: this.#limits.commandMs, signal: this.#input.signal };
  }
}

const found = async (api: RouterOsApi, armed: Armed, options: CommandOptions): Promise<Watch | undefined> =>
  (await watches(api, options)).find(({ id, nonce }) => id === armed.watch && nonce === armed.nonce);

/** Waits until the watch has gone, the sign that all is undone. Throws where it has not in time. */
async function gone(
  api: RouterOsApi,
  armed: Armed,
  withinMs: number,
  options: CommandOptions,
): Promise<void> {
  const until = Date.now() + withinMs;
  while ((await found(api, armed, options)) !== undefined) {
    if (Date.now() > until) throw new RouterOsError('Timeout', 'The router has not undone the change yet.');
    await pause(AGAIN_MS, options.signal);
  }
}

const isDisabled = (change: Change): change is Extract<Change, { kind: 'remove'; canDisable: true }> =>
  change.kind === 'remove' && change.canDisable;

/** Another attempt would end the same. */
const isFinal = (error: unknown): boolean =>
  error instanceof RouterOsError &&
  ['LoginRefused', 'NotPermitted', 'NoSuchCommand', 'Trap', 'InvalidRequest'].includes(error.code);

const randomNonce = (): string => randomBytes(8).toString('hex');
