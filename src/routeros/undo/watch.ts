/** The watch on the router, whose comment says whether its change is to be undone, or is kept. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { HURRIED, WATCH } from './script.ts';

/** Whole comments begin so; what follows tells one undo from another. */
export const UNDO = 'tenant-tunnel: undo of ';
export const KEPT = 'tenant-tunnel: kept ';

export interface Watch {
  id: string;
  nonce: string;
  isKept: boolean;
}

/** All of ours that are there, whoever made them. A bounded number. */
export async function watches(api: RouterOsApi, options: CommandOptions): Promise<Watch[]> {
  const { rows } = await api.command(
    { path: `${WATCH}/print`, proplist: ['.id', 'comment'] },
    { ...options, takeRows: 1000 },
  );
  return rows.flatMap(({ '.id': id = '', comment = '' }) =>
    [UNDO, KEPT]
      .filter((start) => comment.startsWith(start))
      .map((start) => ({ id, nonce: comment.slice(start.length), isKept: start === KEPT })),
  );
}

/**
 * Keeps the change: one sentence, after which nothing undoes it. A row that is still there tells from one that has gone,
 * should its answer get lost. Throws {@link RouterOsError}, also where it is undone by now.
 */
export async function keep(
  api: RouterOsApi,
  { watch, nonce }: { watch: string; nonce: string },
  options: CommandOptions,
): Promise<void> {
  await api.command(
    { path: `${WATCH}/set`, attributes: { '.id': watch, comment: `${KEPT}${nonce}` } },
    options,
  );
}

/** Tells the job not to wait any longer. */
export async function hurry(api: RouterOsApi, id: string, options: CommandOptions): Promise<void> {
  await api.command({ path: `${WATCH}/set`, attributes: { '.id': id, host: HURRIED } }, options);
}
