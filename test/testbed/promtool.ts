/** Prometheus' own tool, which says what Prometheus would. */
import { run } from './command.ts';
import { findOnPath } from './path.ts';

/**
 * Runs promtool to its end and answers what it says.
 *
 * @throws what it has against its input, or one sentence when it is not there
 */
export async function promtool(args: readonly string[], input?: string): Promise<string> {
  const program = findOnPath('promtool');
  if (program === null) throw new Error('No promtool on the PATH: apt-get install prometheus.');
  return run(program, args, input === undefined ? {} : { input });
}
