import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** sched(7): the autogroup feature. */
const AUTOGROUP = '/proc/sys/kernel/sched_autogroup_enabled';

/**
 * Runs something while the kernel shares processors among processes, and not first among sessions. The sidecar gives each
 * wireguard-go a session of its own and one that is started by hand has its starter's, and with that another share of two busy
 * processors: up to a third of its throughput. In a pod, as in any control group, sessions do not count.
 */
export async function withoutSessionGroups<T>(action: () => Promise<T>): Promise<T> {
  const before = existsSync(AUTOGROUP) ? readFileSync(AUTOGROUP, 'utf8') : undefined;
  if (before === undefined) return action();
  writeFileSync(AUTOGROUP, '0');
  try {
    return await action();
  } finally {
    writeFileSync(AUTOGROUP, before);
  }
}
