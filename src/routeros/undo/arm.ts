/** Puts onto the router what undoes a change without us, and takes it off again. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { RouterOsError } from '../errors.ts';
import type { Change } from './change.ts';
import { needsPolicy } from './risk.ts';
import { HURRIED, inverse, jobText, SCHEDULER, WATCH, WATCHED, watchText } from './script.ts';

/** Whole comments begin so; what follows tells one undo from another. */
const COMMENT = 'tenant-tunnel: undo of ';
const JOBS = '/system/script/job';
const POLICIES = 'read,write,policy,test';

export interface Armed {
  /** Of the watch, whose removal keeps the change. */
  watch: string;
  comment: string;
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
  const comment = `${COMMENT}${nonce}`;
  const { rows } = await api.command(
    { path: '/system/resource/print', proplist: ['uptime'] },
    { ...options, takeRows: 1 },
  );
  const uptime = secondsOf(rows[0]?.uptime ?? '');
  const { done } = await api.command(
    {
      path: `${WATCH}/add`,
      attributes: {
        host: WATCHED,
        type: 'simple',
        interval: '5s',
        timeout: '1s',
        'start-delay': '3s',
        'startup-delay': '10s',
        'test-script': watchText(undo, comment, uptime),
        comment,
      },
    },
    options,
  );
  const watch = done.ret ?? '';
  try {
    if (changes.some(needsPolicy)) await schedule(api, watchText(undo, comment, uptime), comment, options);
    const started = await api.command(
      { path: '/execute', attributes: { script: jobText(undo, comment, isSafe) } },
      options,
    );
    const job = started.done.ret ?? '';
    await seen(api, JOBS, job, options);
    await seen(api, WATCH, watch, options);
    return { watch, comment, job };
  } catch (error) {
    await disarm(api, { watch, comment, job: '' }, options).catch(() => {});
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
  await api.command(
    {
      path: `${SCHEDULER}/add`,
      attributes: {
        name: comment,
        'start-time': 'startup',
        interval: '10s',
        'on-event': script,
        policy: POLICIES,
        comment,
      },
    },
    options,
  );
}

/** A router that says it has made something, and has not, would be beyond reach after the change. */
async function seen(api: RouterOsApi, menu: string, id: string, options: CommandOptions): Promise<void> {
  const { rows } = await api.command(
    { path: `${menu}/print`, queries: [`.id=${id}`], proplist: ['.id'] },
    options,
  );
  if (id === '' || !rows.some((row) => row['.id'] === id))
    throw new RouterOsError('Trap', `The router has not kept in ${menu} what would undo the change.`);
}

/** Keeps the change: from here on nothing undoes it. Throws {@link RouterOsError}, `NoSuchItem` trap when it is undone. */
export async function keep(api: RouterOsApi, { watch }: Armed, options: CommandOptions): Promise<void> {
  await api.command({ path: `${WATCH}/remove`, attributes: { '.id': watch } }, options);
}

/** What is left of an undo that is not wanted any more, or has run. */
export async function disarm(api: RouterOsApi, armed: Armed, options: CommandOptions): Promise<void> {
  await removeAll(api, WATCH, armed.comment, options);
  await removeAll(api, SCHEDULER, armed.comment, options);
  if (armed.job !== '')
    await api.command({ path: `${JOBS}/remove`, attributes: { '.id': armed.job } }, options).catch(() => {});
}

async function removeAll(
  api: RouterOsApi,
  menu: string,
  comment: string,
  options: CommandOptions,
): Promise<void> {
  const { rows } = await api.command(
    { path: `${menu}/print`, queries: [`comment=${comment}`], proplist: ['.id'] },
    options,
  );
  for (const row of rows)
    await api.command({ path: `${menu}/remove`, attributes: { '.id': row['.id'] ?? '' } }, options);
}

/** Tells the job not to wait any longer. */
export async function hurry(api: RouterOsApi, watch: string, options: CommandOptions): Promise<void> {
  await api.command({ path: `${WATCH}/set`, attributes: { '.id': watch, host: HURRIED } }, options);
}

/** Ids of the watches of our undos that are there, whoever made them. */
export async function watches(api: RouterOsApi, options: CommandOptions): Promise<string[]> {
  const { rows } = await api.command(
    { path: `${WATCH}/print`, proplist: ['.id', 'comment'] },
    { ...options, takeRows: 1000 },
  );
  return rows.filter(({ comment = '' }) => comment.startsWith(COMMENT)).map((row) => row['.id'] ?? '');
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
