import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import { SidecarError } from '../errors.ts';
import { errno, libc } from './libc.ts';
import {
  AF_INET,
  IP_FREEBIND,
  IPPROTO_IP,
  int,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  socketAddress,
} from './linux.ts';
import { inNamespace, type Namespace } from './namespace.ts';

/** Datagrams that arrive while this process does something else. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

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
  const to = socketAddress(address, DISCARD_PORT);
  const fd = inNamespace(namespace, () => socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`No socket could be made in ${namespace.path} (errno ${errno()}).`);
  sendto(fd, Buffer.alloc(1), 0, 0, to, to.length);
  closeSync(fd);
}

/**
 * A socket that is bound to an address of a namespace, to be listened on by whoever gets the descriptor; the address
 * need not be there yet. Throws `PortInUse`, or `CommandFailed` with what the kernel said.
 */
export function bindSocket(
  namespace: Namespace,
  protocol: 'UDP' | 'TCP',
  address: string,
  port: number,
): number {
  const { socket, setsockopt, bind } = libc();
  const type = (protocol === 'UDP' ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const failed = (what: string): SidecarError =>
    new SidecarError(
      'CommandFailed',
      `${protocol} port ${port} cannot be opened: ${what} (errno ${errno()}).`,
    );
  const fd = inNamespace(namespace, () => socket(AF_INET, type, 0));
  if (fd < 0) throw failed('no socket could be made');
  try {
    setsockopt(fd, IPPROTO_IP, IP_FREEBIND, int(1), 4);
    // Connections of one that listened before do not hinder; with UDP two would listen, and one would hear.
    if (protocol === 'TCP') setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, int(1), 4);
    else setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, int(RECEIVE_BUFFER_BYTES), 4);
    const bytes = socketAddress(address, port);
    if (bind(fd, bytes, bytes.length) === 0) return fd;
    if (errno() === constants.errno.EADDRINUSE) {
      throw new SidecarError(
        'PortInUse',
        `${protocol} port ${port} is taken in the tunnel's network namespace; end what listens there, or choose another port.`,
      );
    }
    throw failed('it cannot be bound');
  } catch (cause) {
    closeSync(fd);
    throw cause;
  }
}
