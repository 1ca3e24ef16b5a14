import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SidecarError } from '../errors.ts';
import { libc } from '../namespace/libc.ts';

/** sys/file.h: exclusive, without waiting. */
const LOCK_EX_NB = 2 | 4;

function open(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `${path} cannot be written (${code}); its folder must exist, on a volume that can be written.`;
    throw new SidecarError('CannotStart', message, { cause });
  }
}

/**
 * Holds a lock for as long as this process lives, whatever its end, so that a socket left behind can be told from
 * one in use. Throws `AlreadyRunning` and `CannotStart`. Returns what gives it up early.
 */
export function acquireLock(path: string): () => void {
  const fd = open(path);
  if (libc().flock(fd, LOCK_EX_NB) === 0) return () => closeSync(fd);
  closeSync(fd);
  throw new SidecarError('AlreadyRunning', `Another sidecar holds ${path}; one for each node is the most.`);
}

/**
 * The lock of a whole node: whoever holds it makes the node's tunnels. It is of the open file, so that a child that
 * is handed the descriptor holds it as well, until it has ended.
 */
export class NodeLock {
  readonly #path: string;
  #fd: number | undefined;
  #held = false;

  /** Makes the folder, for root alone. Throws `CannotStart`. */
  constructor(folder: string) {
    this.#path = `${folder}/node.lock`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const message = `The folder ${folder} cannot be made (${code}); mount a volume of the node there that can be written.`;
      throw new SidecarError('CannotStart', message, { cause });
    }
    this.#fd = open(this.#path);
  }

  /** For children that must not outlive the lock; undefined while it is not held. */
  get descriptor(): number | undefined {
    return this.#held ? this.#fd : undefined;
  }

  /** Takes the lock if nobody has it. */
  tryAcquire(): boolean {
    if (this.#held) return true;
    this.#fd ??= open(this.#path);
    if (libc().flock(this.#fd, LOCK_EX_NB) !== 0) return false;
    // Its last holder has removed it, or somebody the folder: a file without a name locks nobody out.
    if (fstatSync(this.#fd).ino === statSync(this.#path, { throwIfNoEntry: false })?.ino) {
      this.#held = true;
      return true;
    }
    this.release();
    return false;
  }

  /** Gives it up, if it was held without leaving a file behind. */
  release(): void {
    if (this.#held) rmSync(this.#path, { force: true });
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#held = false;
  }
}
