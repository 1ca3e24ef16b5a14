import { closeSync, openSync, readFile, readlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { SidecarError } from '../errors.ts';
import { errno, libc } from './libc.ts';

/** A network namespace held open: it lives on while it is, also when its name is removed. */
export interface Namespace {
  /** E.g. `/run/netns/tto-wg0`. */
  readonly path: string;
  readonly fd: number;
  close(): Promise<void>;
}

/** linux/sched.h */
const CLONE_NEWNET = 0x40000000;

let home = -1;
const readDescriptor = promisify(readFile);

/**
 * Moves the main thread into the node's network namespace for good, so that all that it opens and starts from now on
 * is there. What was opened before stays where it was, and so do libuv's own threads, which is why nothing here may
 * ask them about the network. Throws `CannotStart`.
 */
export function enterForGood(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `The node's network namespace ${path} cannot be opened (${code}); mount the node's /proc into this container, and let it run as root and privileged.`;
    throw new SidecarError('CannotStart', message, { cause });
  }
  const failed = libc().setns(fd, CLONE_NEWNET) !== 0;
  const number = errno();
  closeSync(fd);
  if (failed) {
    const what =
      number === constants.errno.EPERM
        ? 'this process lacks CAP_SYS_ADMIN; let the container run as root and privileged'
        : `it is no network namespace (errno ${number})`;
    throw new SidecarError('CannotStart', `The node's network namespace ${path} cannot be entered: ${what}.`);
  }
  if (home >= 0) closeSync(home);
  home = -1;
}

/** The name that the kernel has for the namespace this process is at home in, e.g. `net:[4026531840]`. */
export const homeNamespace = (): string => readlinkSync('/proc/thread-self/ns/net');

/** Reads a file of /proc/net as it is at home. Such a file belongs to whoever opens it, whoever reads on. */
export async function readNetworkFile(name: string): Promise<string> {
  const fd = openSync(`/proc/thread-self/net/${name}`, 'r');
  try {
    return (await readDescriptor(fd)).toString();
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a network namespace by its path. Rejects with ENOENT where there is none. Being asynchronous it has also
 * started libuv's thread pool, so that none of its threads is ever born inside a namespace ({@link inNamespace}).
 */
export async function openNamespace(path: string): Promise<Namespace> {
  const handle = await open(path, 'r');
  return { path, fd: handle.fd, close: () => handle.close() };
}

/**
 * Runs a synchronous action with the main thread inside a namespace: sockets that it creates belong there for good,
 * processes that it spawns start there (libuv forks on the calling thread), `/proc/sys/net` is that namespace's. The
 * action must not start threads nor leave asynchronous work that looks the namespace up later. Where the way back
 * fails, the process ends at once: nothing may run on in the wrong namespace.
 */
export function inNamespace<T>(
  namespace: Namespace,
  action: () => T extends PromiseLike<unknown> ? never : T,
): T {
  if (!isMainThread) throw new Error('Namespaces can only be entered by the main thread.');
  if (home < 0) home = openSync('/proc/thread-self/ns/net', 'r');
  const { setns } = libc();
  if (setns(namespace.fd, CLONE_NEWNET) !== 0) {
    throw new Error(`${namespace.path} cannot be entered as a network namespace (errno ${errno()}).`);
  }
  try {
    return action();
  } finally {
    if (setns(home, CLONE_NEWNET) !== 0) {
      writeSync(2, `There is no way back from ${namespace.path} (errno ${errno()}): ending the process.\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }
}
