import { parseAddress } from '../ipv4.ts';

/** One end of a connection or of a datagram's way: IPv4 address and port. */
export interface End {
  address: string;
  port: number;
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Version 2, command PROXY. */
const VERSION_AND_COMMAND = 0x21;
/** AF_INET with SOCK_STREAM, and with SOCK_DGRAM. */
const FAMILY = { TCP: 0x11, UDP: 0x12 };
const ADDRESSES_LENGTH = 12;

/**
 * A header of the PROXY protocol, version 2 (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, section 2.2):
 * 28 bytes that say who asks, before a stream's first byte or at the head of each datagram.
 */
export function proxyHeader(protocol: 'TCP' | 'UDP', source: End, destination: End): Buffer {
  const header = Buffer.alloc(SIGNATURE.length + 4 + ADDRESSES_LENGTH);
  SIGNATURE.copy(header);
  header.writeUInt8(VERSION_AND_COMMAND, 12);
  header.writeUInt8(FAMILY[protocol], 13);
  header.writeUInt16BE(ADDRESSES_LENGTH, 14);
  header.writeUInt32BE(parseAddress(source.address) ?? 0, 16);
  header.writeUInt32BE(parseAddress(destination.address) ?? 0, 20);
  header.writeUInt16BE(source.port, 24);
  header.writeUInt16BE(destination.port, 26);
  return header;
}
