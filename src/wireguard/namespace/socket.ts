import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { errno, libc } from './libc.ts';
import { inNamespace, type Namespace } from './namespace.ts';

/** sys/socket.h and bits/socket_type.h of Linux. */
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/**
 * Begins to connect from inside a namespace. libuv takes the descriptor as it is, so this is asynchronous like any
 * other `net.connect`; it has to follow in the same turn, or libuv finds a socket to read that is not connected.
 */
export function connectTcp(namespace: Namespace, address: string, port: number): Socket {
  const { socket } = libc();
  const fd = inNamespace(namespace, () => socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`No socket could be made in ${namespace.path} (errno ${errno()}).`);
  return new Socket({ fd, allowHalfOpen: true }).connect({ host: address, port });
}

/** RFC 863: whoever answers there throws away what comes, and whoever does not says that he does not. */
const DISCARD_PORT = 9;

/** Sends one datagram without content from inside a namespace, and does not wait for what becomes of it. */
export function sendEmpty(namespace: Namespace, address: string): void {
  const { socket, sendto } = libc();
  const to = Buffer.alloc(16);
  to.writeUInt16LE(AF_INET, 0);
  to.writeUInt16BE(DISCARD_PORT, 2);
  to.set(address.split('.').map(Number), 4);
  const fd = inNamespace(namespace, () => socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`No socket could be made in ${namespace.path} (errno ${errno()}).`);
  sendto(fd, Buffer.alloc(1), 0, 0, to, to.length);
  closeSync(fd);
}
