import { openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
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
