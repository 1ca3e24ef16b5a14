import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const SOCK_STREAM_CLOEXEC = 1 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const BACKLOG = 128;

const libc = koffi.load('libc.so.6');
const setns = libc.func('int setns(int fd, int type)');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, unsigned int length)');
const bind = libc.func('int bind(int fd, void *address, unsigned int length)');
const listen = libc.func('int listen(int fd, int backlog)');

/** Takes the calling thread into a network namespace for good. @throws with the errno. */
export function enterNetworkNamespace(path: string): void {
  const fd = openSync(path, 'r');
  try {
    check('setns', setns(fd, CLONE_NEWNET));
  } finally {
    closeSync(fd);
  }
}

/**
 * Runs `body`, which must be synchronous, with this thread in another network namespace. Sockets made there stay
 * there. Ends the process if the way back fails, since everything after would happen in the wrong place.
 */
export function inNetworkNamespace<T>(path: string, body: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    enterNetworkNamespace(path);
    try {
      return body();
    } finally {
      if (setns(home, CLONE_NEWNET) !== 0) process.abort();
    }
  } finally {
    closeSync(home);
  }
}

/** A TCP socket of a namespace that is not connected yet: for `new Socket({ fd }).connect(port, address)`. */
export function unconnectedSocket(path: string): number {
  return inNetworkNamespace(path, () => check('socket', socket(AF_INET, SOCK_STREAM_CLOEXEC, 0)));
}

/** A TCP socket that listens on every IPv4 address of a namespace: a descriptor for `server.listen({ fd })`. */
export function listeningSocket(path: string, port: number): number {
  return inNetworkNamespace(path, () => {
    const fd = check('socket', socket(AF_INET, SOCK_STREAM_CLOEXEC, 0));
    try {
      const one = Buffer.alloc(4);
      one.writeInt32LE(1);
      check('setsockopt', setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, one, one.length));
      const address = Buffer.alloc(16);
      address.writeUInt16LE(AF_INET, 0);
      address.writeUInt16BE(port, 2);
      check('bind', bind(fd, address, address.length));
      check('listen', listen(fd, BACKLOG));
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  });
}

function check(call: string, result: number): number {
  if (result >= 0) return result;
  const errno = koffi.errno();
  throw Object.assign(new Error(`${call} failed with errno ${errno}.`), { errno });
}
