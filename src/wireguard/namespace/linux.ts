import { endianness } from 'node:os';
import { parseAddress } from '../ipv4.ts';

/** sys/socket.h, bits/socket_type.h, netinet/in.h, asm-generic/socket.h and linux/in.h of Linux. */
export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const IPPROTO_IP = 0;
export const IPPROTO_UDP = 17;
export const IP_FREEBIND = 15;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ATTACH_FILTER = 26;
export const SO_RCVBUFFORCE = 33;

/** A number as the C library has it. */
export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (endianness() === 'LE') bytes.writeInt32LE(value);
  else bytes.writeInt32BE(value);
  return bytes;
}

/** netinet/in.h, struct sockaddr_in. */
export function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  if (endianness() === 'LE') bytes.writeUInt16LE(AF_INET, 0);
  else bytes.writeUInt16BE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt32BE(parseAddress(address) ?? 0, 4);
  return bytes;
}
