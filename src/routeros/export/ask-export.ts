import type { CommandOptions, RouterOsApi } from '../api/client.ts';
import { END, type RouterExport, readExport } from './export-text.ts';

/** A slow router with thousands of rows takes half a minute. */
const LIMIT_MS = 60_000;

/**
 * Over the API `/export` says nothing by itself; with `file=` it writes to the router's flash each time, which may be full,
 * and before 7.13 no more than 4 KB of a file can be read. So a script prints it, and the API waits for its end (`as-string`,
 * in all of 7.9 to 7.24): nothing is written on the router, and nothing is left there if we are cut off. `terse`: a command
 * a line, each with its menu.
 */
const SCRIPT = `/export terse hide-sensitive; :put "${END}"`;

/** The longest answer that the API client takes: see `DecoderLimits.maxWordBytes`. Throws {@link RouterOsError}. */
export async function askExport(
  api: RouterOsApi,
  secrets: readonly string[],
  options: CommandOptions = {},
): Promise<RouterExport> {
  const asked = { path: '/execute', attributes: { script: SCRIPT, 'as-string': '' } };
  const { done } = await api.command(asked, { timeoutMs: LIMIT_MS, ...options });
  return readExport(done.ret ?? '', secrets);
}
