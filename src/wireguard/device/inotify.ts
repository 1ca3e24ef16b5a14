import { closeSync, readFileSync, writeFileSync } from 'node:fs';
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

const INSTANCES = '/proc/sys/fs/inotify/max_user_instances';
/** More room by so many; an instance that nobody uses takes nothing. */
const MORE_INSTANCES = 1_024;
const MOST_INSTANCES = 16_384;

/**
 * Raises the node's limit where all instances are in use, as they are from about a hundred tunnels on. Returns what it is
 * then; undefined where that is not what is lacking, or where it cannot be raised, as in a container that may not.
 */
export function raiseInstances(path = INSTANCES, problem = inotifyProblem): number | undefined {
  if (problem() === undefined) return undefined;
  try {
    const to = raisedLimit(Number(readFileSync(path, 'utf8')));
    if (to === undefined) return undefined;
    writeFileSync(path, String(to));
    return problem() === undefined ? to : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where it is as high as it may be raised; what somebody set higher stays. */
export const raisedLimit = (now: number): number | undefined =>
  now < MOST_INSTANCES ? Math.min(now + MORE_INSTANCES, MOST_INSTANCES) : undefined;

export const problemOf = (number: number): string | undefined =>
  number === constants.errno.EMFILE
    ? 'the node has no inotify instance left, of which each tunnel takes one; raise its fs.inotify.max_user_instances'
    : undefined;
