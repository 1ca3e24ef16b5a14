import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants, endianness } from 'node:os';
import { SidecarError } from '../errors.ts';
import { parseAddress } from '../ipv4.ts';
import { errno, libc } from './libc.ts';
import { inNamespace, type Namespace } from './namespace.ts';

/** sys/socket.h and bits/socket_type.h of Linux. */
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
/** asm-generic/socket.h and linux/in.h. */
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_FREEBIND = 15;
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
  const to = Buffer.alloc(16);
  to.writeUInt16LE(AF_INET, 0);
  to.writeUInt16BE(DISCARD_PORT, 2);
  to.set(address.split('.').map(Number), 4);
  const fd = inNamespace(namespace, () => socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd < 0) throw new Error(`No socket could be made in ${namespace.path} (errno ${errno()}).`);
  sendto(fd, Buffer.alloc(1), 0, 0, to, to.length);
  closeSync(fd);
}

/** A number as the C library has it. */
function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (endianness() === 'LE') bytes.writeInt32LE(value);
  else bytes.writeInt32BE(value);
  return bytes;
}

/** netinet/in.h, struct sockaddr_in. */
function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  if (endianness() === 'LE') bytes.writeUInt16LE(AF_INET, 0);
  else bytes.writeUInt16BE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(parseAddress(address) ?? 0, 4);
  return bytes;
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
