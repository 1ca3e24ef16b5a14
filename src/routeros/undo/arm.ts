/** Puts onto the router what undoes a change without us, and takes it off again. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { durationMs } from '../duration.ts';
import { RouterOsError } from '../errors.ts';
import type { Change } from './change.ts';
import { clear } from './clear.ts';
import { inverse } from './inverse.ts';
import { needsPolicy } from './risk.ts';
import { readSafeMode, releaseSafeMode, type SafeMode, takeSafeMode } from './safe-mode.ts';
import { jobText, SCHEDULER, WATCH, WATCHED, watchText } from './script.ts';
import { settleUndo } from './settle.ts';
import { UNDO } from './watch.ts';

const JOBS = '/system/script/job';

export interface Armed {
  /** Id of the watch. */
  watch: string;
  nonce: string;
  job: string;
  /** Where users are changed. */
  scheduler?: string;
  /** This session holds safe mode, which has to be released. */
  isSafe: boolean;
}

/** Rows that putting the undo there adds. */
const OWN_ACTIONS = 3;

/**
 * Safe mode, where it can be had, so that what follows is undone with it; then the watch, which survives a restart; then
 * the job. Throws {@link RouterOsError} where one is refused; a watch that is there by then ends by itself.
 */
export async function arm(
  api: RouterOsApi,
  changes: readonly Change[],
  { nonce, takesSafeMode, options }: { nonce: string; takesSafeMode: boolean; options: CommandOptions },
): Promise<Armed> {
  const undo = inverse(changes);
  const comment = `${UNDO}${nonce}`;
  const [uptime, before] = await Promise.all([readUptime(api, options), settled(api, options)]);
  const script = watchText(undo, comment, uptime);
  const isTaken = takesSafeMode && (await takeSafeMode(api, before, changes.length + OWN_ACTIONS, options));
  try {
    const [watch, safeMode] = await Promise.all([
      add(api, WATCH, { ...WATCHING, 'test-script': script, comment }, options),
      isTaken ? readSafeMode(api, options) : undefined,
    ]);
    const isSafe = safeMode?.enabled === true;
    const scheduler = changes.some(needsPolicy)
      ? await add(api, SCHEDULER, { ...SCHEDULED, name: comment, 'on-event': script, comment }, options)
      : undefined;
    const text = jobText(undo, comment, isSafe);
    const started = await api.command({ path: '/execute', attributes: { script: text } }, options);
    const job = started.done.ret ?? '';
    await Promise.all([seen(api, JOBS, job, options), seen(api, WATCH, watch, options)]);
    return { watch, nonce, job, isSafe, ...(scheduler === undefined ? {} : { scheduler }) };
  } catch (error) {
    await clear(api, nonce, options).catch(() => {});
    if (isTaken) await releaseSafeMode(api, options).catch(() => {});
    throw error;
  }
}

/** An undo of an earlier session would take with it what is made now. Returns whether safe mode can be had. */
async function settled(api: RouterOsApi, options: CommandOptions): Promise<SafeMode | undefined> {
  const { found, safeMode } = await settleUndo(api, options);
  if (found !== 'Busy') return safeMode;
  throw new RouterOsError(
    'Trap',
    'The router is still undoing an earlier change, so nothing is changed until it has; that takes 9 minutes at most.',
  );
}

const WATCHING = {
  host: WATCHED,
  type: 'simple',
  interval: '5s',
  timeout: '1s',
  'start-delay': '3s',
  'startup-delay': '10s',
};

/**
 * Netwatch may not change users, and a job that is ours perhaps not either, once our user has lost its rights. A scheduler
 * has those that it was given; a device-mode may forbid it, and then such a change is refused.
 */
const SCHEDULED = { 'start-time': 'startup', interval: '10s', policy: 'read,write,policy,test' };

async function add(
  api: RouterOsApi,
  menu: string,
  attributes: Readonly<Record<string, string>>,
  options: CommandOptions,
): Promise<string> {
  const { done } = await api.command({ path: `${menu}/add`, attributes }, options);
  return done.ret ?? '';
}

async function readUptime(api: RouterOsApi, options: CommandOptions): Promise<number> {
  const asked = { path: '/system/resource/print', proplist: ['uptime'] };
  const { rows } = await api.command(asked, { ...options, takeRows: 1 });
  return secondsOf(rows[0]?.uptime ?? '');
}

/** A router that says it has made something, and has not, would be beyond reach after the change. */
async function seen(api: RouterOsApi, menu: string, id: string, options: CommandOptions): Promise<void> {
  const asked = { path: `${menu}/print`, queries: [`.id=${id}`], proplist: ['.id'] };
  const { rows } = await api.command(asked, options);
  if (id === '' || !rows.some((row) => row['.id'] === id))
    throw new RouterOsError('Trap', `The router has not kept in ${menu} what would undo the change.`);
}

/** Takes off what is left after the change was kept, or undone. A job that cannot be ended sees that it is not wanted. */
export async function takeOff(
  api: RouterOsApi,
  { watch, job, scheduler }: Armed,
  options: CommandOptions,
): Promise<void> {
  const ended = removeRow(api, JOBS, job, options).catch(() => {});
  const unscheduled = scheduler === undefined ? [] : [removeRow(api, SCHEDULER, scheduler, options)];
  await Promise.all([removeRow(api, WATCH, watch, options), ...unscheduled, ended]);
}

async function removeRow(api: RouterOsApi, menu: string, id: string, options: CommandOptions): Promise<void> {
  await api.command({ path: `${menu}/remove`, attributes: { '.id': id } }, options);
}

/** `1w2d3h4m5s` → seconds, rounded up. Throws `ProtocolViolation`. */
export function secondsOf(uptime: string): number {
  if (!/^(\d{1,5}(w|d|h|m|s|ms))+$/.test(uptime))
    throw new RouterOsError('ProtocolViolation', 'The router does not say how long it has been running.');
  return Math.ceil((durationMs(uptime) ?? 0) / 1000);
}
