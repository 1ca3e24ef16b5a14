/** Takes an undo off a router, for whoever knows its name alone. */
import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { SCHEDULER, WATCH } from './script.ts';
import { KEPT, UNDO } from './watch.ts';

/** `nonce`: of the undo that is not wanted any more. Its job sees that for itself. Throws {@link RouterOsError}. */
export async function clear(api: RouterOsApi, nonce: string, options: CommandOptions): Promise<void> {
  await Promise.all([
    removeAll(api, SCHEDULER, `${UNDO}${nonce}`, options),
    removeAll(api, WATCH, `${UNDO}${nonce}`, options),
    removeAll(api, WATCH, `${KEPT}${nonce}`, options),
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
  for (const row of rows)
    await api.command({ path: `${menu}/remove`, attributes: { '.id': row['.id'] ?? '' } }, options);
}
