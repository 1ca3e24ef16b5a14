import { closeSync, openSync } from 'node:fs';
import { SidecarError } from '../errors.ts';
import { libc } from '../namespace/libc.ts';

/** sys/file.h: exclusive, without waiting. */
const LOCK_EX_NB = 2 | 4;

/**
 * Holds a lock for as long as this process lives, whatever its end, so that a socket left behind can be told from
 * one in use. Throws `AlreadyRunning`. Returns what gives it up early.
 */
export function acquireLock(path: string): () => void {
  const fd = openSync(path, 'a', 0o600);
  if (libc().flock(fd, LOCK_EX_NB) === 0) return () => closeSync(fd);
  closeSync(fd);
  throw new SidecarError('AlreadyRunning', `Another sidecar holds ${path}; one for each node is the most.`);
}
