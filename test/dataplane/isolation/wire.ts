/** Sockets that send and see whole IP packets in other network namespaces: what no program of a router could be kept from. */
import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { inNetworkNamespace } from '../../testbed/setns.ts';

const AF_INET = 2;
export const AF_INET6 = 10;
const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
/** Does not wait, and is not inherited. */
const FLAGS = 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const IPPROTO_RAW = 255;
const ETH_P_ALL = 3;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
/** Of a packet that the machine itself sends (if_packet.h). */
const PACKET_OUTGOING = 4;
const RECEIVE_BYTES = 32 * 1024 * 1024;
const EAGAIN = 11;

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, void *address, unsigned int length)');
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, unsigned int length)');
const sendto = libc.func(
  'long sendto(int fd, void *data, size_t length, int flags, void *address, unsigned int size)',
);
const recvfrom = libc.func(
  'long recvfrom(int fd, void *data, size_t length, int flags, void *address, void *size)',
);
const nameToIndex = libc.func('unsigned int if_nametoindex(const char *name)');

const network16 = (value: number): number => ((value & 0xff) << 8) | (value >>> 8);

function check(call: string, result: number): number {
  if (result >= 0) return result;
  throw Object.assign(new Error(`${call} failed with errno ${koffi.errno()}.`), { errno: koffi.errno() });
}

/** sockaddr_ll */
function linkAddress(index: number, protocol: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(protocol, 2);
  address.writeInt32LE(index, 4);
  return address;
}

/** What sees packets: each is handed out once, as it is. */
export interface Sniffer {
  read(): Buffer[];
  close(): void;
}

const buffer = Buffer.alloc(65_536);

function drain(fd: number, isWanted: (link: Buffer) => boolean): Buffer[] {
  const packets: Buffer[] = [];
  for (;;) {
    const link = Buffer.alloc(32);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(link.length);
    const length = Number(recvfrom(fd, buffer, buffer.length, 0, link, size));
    if (length < 0) {
      if (koffi.errno() === EAGAIN) return packets;
      check('recvfrom', length);
    }
    if (isWanted(link)) packets.push(Buffer.from(buffer.subarray(0, length)));
  }
}

function listening(fd: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(RECEIVE_BYTES);
  check('setsockopt', setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, bytes.length));
  return fd;
}

/**
 * Sees what comes in by an interface, before any rule; `all` of a namespace's interfaces, and what goes out by them too,
 * where none is named.
 */
export function sniff(namespace: string, interfaceName?: string): Sniffer {
  const fd = inNetworkNamespace(namespace, () => {
    const opened = check('socket', socket(AF_PACKET, SOCK_DGRAM | FLAGS, network16(ETH_P_ALL)));
    const index = interfaceName === undefined ? 0 : nameToIndex(interfaceName);
    check('bind', bind(opened, linkAddress(index, ETH_P_ALL), 20));
    return opened;
  });
  const isWanted = (link: Buffer): boolean =>
    interfaceName === undefined || link.readUInt8(10) !== PACKET_OUTGOING;
  listening(fd);
  return { read: () => drain(fd, isWanted), close: () => closeSync(fd) };
}

/** Sees what a namespace takes in for itself, after its rules: a raw socket for each protocol. */
export function sniffAccepted(namespace: string, protocols: readonly number[], family = AF_INET): Sniffer {
  const fds = inNetworkNamespace(namespace, () =>
    protocols.map((protocol) => check('socket', socket(family, SOCK_RAW | FLAGS, protocol))),
  );
  for (const fd of fds) listening(fd);
  return {
    read: () => fds.flatMap((fd) => drain(fd, () => true)),
    close: () => {
      for (const fd of fds) closeSync(fd);
    },
  };
}

export interface Sender {
  /** A whole packet, its IP header included. False where the machine has no way to its destination. */
  send(packet: Buffer): boolean;
  close(): void;
}

/** Puts packets on an interface as they are, past the machine's own rules and routes. */
export function sendOn(namespace: string, interfaceName: string): Sender {
  const [fd, index] = inNetworkNamespace(namespace, () => [
    check('socket', socket(AF_PACKET, SOCK_DGRAM | FLAGS, 0)),
    nameToIndex(interfaceName),
  ]) as [number, number];
  const addresses = [ETH_P_IP, ETH_P_IPV6].map((protocol) => linkAddress(index, protocol));
  return {
    send: (packet) => {
      const address = addresses[packet.readUInt8(0) >>> 4 === 6 ? 1 : 0];
      check('sendto', Number(sendto(fd, packet, packet.length, 0, address, 20)));
      return true;
    },
    close: () => closeSync(fd),
  };
}

/** Gives packets to a namespace's own routing, as a program there with all rights could. */
export function sendFrom(namespace: string): Sender {
  const fd = inNetworkNamespace(namespace, () =>
    check('socket', socket(AF_INET, SOCK_RAW | FLAGS, IPPROTO_RAW)),
  );
  return {
    send: (packet) => {
      const address = Buffer.alloc(16);
      address.writeUInt16LE(AF_INET, 0);
      packet.copy(address, 4, 16, 20);
      return Number(sendto(fd, packet, packet.length, 0, address, address.length)) >= 0;
    },
    close: () => closeSync(fd),
  };
}
