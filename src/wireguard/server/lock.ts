import { closeSync, constants, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { SidecarError } from '../errors.ts';
import { ensureFolder } from '../folder.ts';
import { libc } from '../namespace/libc.ts';

/** sys/file.h: exclusive, without waiting. */
const LOCK_EX_NB = 2 | 4;

/** To be read, since a lock takes no more: a file that is there can be locked where nothing can be written. */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o600);
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
  readonly #folder: string;
  readonly #path: string;
  #fd: number | undefined;
  #held = false;

  /** Makes the folder, for root alone. Throws `CannotStart`. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = `${folder}/node.lock`;
    this.#fd = this.#open();
  }

  /** For children that must not outlive the lock; undefined while it is not held. */
  get descriptor(): number | undefined {
    return this.#held ? this.#fd : undefined;
  }

  /** Takes the lock if nobody has it. Throws `CannotStart`. */
  tryAcquire(): boolean {
    if (this.#held) return true;
    this.#fd ??= this.#open();
    if (libc().flock(this.#fd, LOCK_EX_NB) !== 0) return false;
    // Its last holder has removed it, or somebody the folder: a file without a name locks nobody out.
    this.#held = this.#hasName(this.#fd);
    if (!this.#held) this.release();
    return this.#held;
  }

  /** Gives it up, if it was held without leaving a file behind. */
  release(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    try {
      // Where somebody has cleared the folder, another may hold a file of that name.
      if (this.#held && this.#hasName(fd)) rmSync(this.#path, { force: true });
    } catch {
      // A folder that cannot be written any more keeps the file, which locks nobody out.
    }
    closeSync(fd);
    this.#fd = undefined;
    this.#held = false;
  }

  /** Whether the path still leads to the open file. */
  #hasName(fd: number): boolean {
    const named = statSync(this.#path, { throwIfNoEntry: false });
    const opened = fstatSync(fd);
    return named?.ino === opened.ino && named.dev === opened.dev;
  }

  #open(): number {
    try {
      ensureFolder(this.#folder);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const message = `The folder ${this.#folder} cannot be made (${code}); mount a volume of the node there that can be written.`;
      throw new SidecarError('CannotStart', message, { cause });
    }
    return open(this.#path);
  }
}
