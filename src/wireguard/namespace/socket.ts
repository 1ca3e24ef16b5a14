import { Socket } from 'node:net';
import { errno, libc } from './libc.ts';
import { inNamespace, type Namespace } from './namespace.ts';

/** sys/socket.h and bits/socket_type.h of Linux. */
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/**
 * A TCP socket of a namespace, not yet connected. libuv takes the descriptor as it is, so `connect()` is
 * asynchronous like any other, and goes out from that namespace.
 */
export function createTcpSocket(namespace: Namespace): Socket {
  const { socket } = libc();
  const fd = inNamespace(namespace, () => socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`No socket could be made in ${namespace.path} (errno ${errno()}).`);
  return new Socket({ fd, allowHalfOpen: true });
}
