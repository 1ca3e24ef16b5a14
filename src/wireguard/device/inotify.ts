import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { errno, libc } from '../namespace/libc.ts';

/** linux/inotify.h */
const IN_CLOEXEC = 0o2000000;

/**
 * Why no wireguard-go could be started, if it is this: each watches its control socket by inotify, of which root has
 * 128 instances on a node that was not told otherwise, and without one it ends without a word.
 */
export function inotifyProblem(): string | undefined {
  const fd = libc().inotify_init1(IN_CLOEXEC);
  const number = errno();
  if (fd < 0) return problemOf(number);
  closeSync(fd);
  return undefined;
}

export const problemOf = (number: number): string | undefined =>
  number === constants.errno.EMFILE
    ? 'the node has no inotify instance left, of which each tunnel takes one; raise its fs.inotify.max_user_instances'
    : undefined;
