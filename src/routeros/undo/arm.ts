/** Puts onto the router what undoes a change without us, and takes it off again. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import type { Change } from './change.ts';
import { needsPolicy } from './risk.ts';
import { inverse, jobText, SCHEDULER, WATCH, WATCHED, watchText } from './script.ts';
import { KEPT, UNDO } from './watch.ts';

const JOBS = '/system/script/job';

export interface Armed {
  /** Id of the watch. */
  watch: string;
  nonce: string;
  job: string;
}

/**
 * First the watch, which survives a restart, then the job. Throws {@link RouterOsError} where either is refused; the
 * watch may then be there, and ends by itself.
 */
export async function arm(
  api: RouterOsApi,
  changes: readonly Change[],
  { nonce, isSafe, options }: { nonce: string; isSafe: boolean; options: CommandOptions },
): Promise<Armed> {
  const undo = inverse(changes);
  const comment = `${UNDO}${nonce}`;
  const { rows } = await api.command(
    { path: '/system/resource/print', proplist: ['uptime'] },
    { ...options, takeRows: 1 },
  );
  const script = watchText(undo, comment, secondsOf(rows[0]?.uptime ?? ''));
  const attributes = {
    host: WATCHED,
    type: 'simple',
    interval: '5s',
    timeout: '1s',
    'start-delay': '3s',
    'startup-delay': '10s',
    'test-script': script,
    comment,
  };
  const { done } = await api.command({ path: `${WATCH}/add`, attributes }, options);
  const watch = done.ret ?? '';
  try {
    if (changes.some(needsPolicy)) await schedule(api, script, comment, options);
    const text = jobText(undo, comment, isSafe);
    const started = await api.command({ path: '/execute', attributes: { script: text } }, options);
    const job = started.done.ret ?? '';
    await Promise.all([seen(api, JOBS, job, options), seen(api, WATCH, watch, options)]);
    return { watch, nonce, job };
  } catch (error) {
    await disarm(api, { nonce, job: '' }, options).catch(() => {});
    throw error;
  }
}

/**
 * Netwatch may not change users, and a job that is ours perhaps not either, once our user has lost its rights. A scheduler
 * has those that it was given; a device-mode may forbid it, and then such a change is refused.
 */
async function schedule(
  api: RouterOsApi,
  script: string,
  comment: string,
  options: CommandOptions,
): Promise<void> {
  const attributes = {
    name: comment,
    'start-time': 'startup',
    interval: '10s',
    'on-event': script,
    policy: 'read,write,policy,test',
    comment,
  };
  await api.command({ path: `${SCHEDULER}/add`, attributes }, options);
}

/** A router that says it has made something, and has not, would be beyond reach after the change. */
async function seen(api: RouterOsApi, menu: string, id: string, options: CommandOptions): Promise<void> {
  const asked = { path: `${menu}/print`, queries: [`.id=${id}`], proplist: ['.id'] };
  const { rows } = await api.command(asked, options);
  if (id === '' || !rows.some((row) => row['.id'] === id))
    throw new RouterOsError('Trap', `The router has not kept in ${menu} what would undo the change.`);
}

/** What is left of an undo that is not wanted any more, or has run. */
export async function disarm(
  api: RouterOsApi,
  { nonce, job }: Pick<Armed, 'nonce' | 'job'>,
  options: CommandOptions,
): Promise<void> {
  // The job sees for itself that it is not wanted, if it cannot be ended.
  const ended = job === '' ? undefined : removeRow(api, JOBS, job, options).catch(() => {});
  await Promise.all([
    removeAll(api, SCHEDULER, `${UNDO}${nonce}`, options),
    removeAll(api, WATCH, `${UNDO}${nonce}`, options),
    removeAll(api, WATCH, `${KEPT}${nonce}`, options),
    ended,
  ]);
}

async function removeAll(
  api: RouterOsApi,
  menu: string,
  comment: string,
  options: CommandOptions,
): Promise<void> {
  const asked = { path: `${menu}/print`, queries: [`comment=${comment}`], proplist: ['.id'] };
  const { rows } = await api.command(asked, options);
  for (const row of rows) await removeRow(api, menu, row['.id'] ?? '', options);
}

async function removeRow(api: RouterOsApi, menu: string, id: string, options: CommandOptions): Promise<void> {
  await api.command({ path: `${menu}/remove`, attributes: { '.id': id } }, options);
}

const UNITS: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3600, m: 60, s: 1 };

/** `1w2d3h4m5s` → seconds, rounded up. Throws `ProtocolViolation`. */
export function secondsOf(uptime: string): number {
  if (!/^(\d{1,5}(w|d|h|m|s|ms))+$/.test(uptime))
    throw new RouterOsError('ProtocolViolation', 'The router does not say how long it has been running.');
  let seconds = 0;
  for (const [, count = '', unit = ''] of uptime.matchAll(/(\d+)(ms|[wdhms])/g))
    seconds += Number(count) * (UNITS[unit] ?? 0.001);
  return Math.ceil(seconds);
}
