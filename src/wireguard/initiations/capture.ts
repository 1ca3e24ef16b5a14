import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { errno, libc } from '../namespace/libc.ts';
import {
  AF_INET,
  AF_INET6,
  IPPROTO_UDP,
  int,
  SO_ATTACH_FILTER,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
} from '../namespace/linux.ts';
import { INITIATION_BYTES } from './initiation.ts';

const BUFFER_BYTES = 1024 * 1024;
const UDP_HEADER = 8;
const MOST_AT_ONCE = 2_000;

/** linux/bpf_common.h: code, jump if true, jump if false, operand. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

/** Datagrams as long as an initiation that begin as one. `load`: by which words of a UDP header are read. */
const filterOf = (before: readonly Instruction[], halfWord: number, word: number): Instruction[] => [
  ...before,
  [halfWord, 0, 0, 4],
  [0x15, 0, 3, UDP_HEADER + INITIATION_BYTES],
  [word, 0, 0, UDP_HEADER],
  [0x15, 0, 1, 0x01000000],
  [0x06, 0, 0, 0xffff],
  [0x06, 0, 0, 0],
];

/** An IPv4 packet comes with its header, whose length goes to X; an IPv6 one without (ip(7), ipv6(7)). */
const FILTERS = {
  [AF_INET]: filterOf([[0xb1, 0, 0, 0]], 0x48, 0x40),
  [AF_INET6]: filterOf([], 0x28, 0x20),
} as const;

/** One datagram that may be an initiation. */
export interface Captured {
  /** `203.0.113.7:13231` or `[2001:db8::7]:13231`. */
  source: string;
  /** UDP port on the node. */
  port: number;
  payload: Buffer;
}

/**
 * Copies of initiations that arrive at this network namespace, whoever listens there, kernel or process: WireGuard
 * itself says nothing of those that it refuses. They are taken behind the firewall, where WireGuard takes them.
 */
export class Capture {
  readonly #sockets: { family: typeof AF_INET | typeof AF_INET6; fd: number }[] = [];
  readonly #buffer = Buffer.alloc(2_048);
  readonly #address = Buffer.alloc(28);
  readonly #addressLength = Buffer.alloc(4);

  /** In the namespace that this thread is in. Throws where the sockets cannot be had. */
  constructor() {
    try {
      this.#sockets.push({ family: AF_INET, fd: open(AF_INET) });
    } catch (cause) {
      this.close();
      throw cause;
    }
    try {
      this.#sockets.push({ family: AF_INET6, fd: open(AF_INET6) });
    } catch {
      // A node may have no IPv6.
    }
  }

  /** What has arrived since the last time, so much of it as is reasonable. */
  *take(): Generator<Captured> {
    for (const { family, fd } of this.#sockets) {
      for (let count = 0; count < MOST_AT_ONCE; count += 1) {
        this.#addressLength.writeUInt32LE(this.#address.length);
        const length = libc().recvfrom(
          fd,
          this.#buffer,
          this.#buffer.length,
          0,
          this.#address,
          this.#addressLength,
        );
        if (length < 0) break;
        const packet = Buffer.from(this.#buffer.subarray(0, length));
        const captured =
          family === AF_INET ? readIpv4(packet) : readIpv6(packet, this.#address.subarray(8, 24));
        if (captured !== undefined) yield captured;
      }
    }
  }

  close(): void {
    for (const { fd } of this.#sockets.splice(0)) closeSync(fd);
  }
}

function open(family: typeof AF_INET | typeof AF_INET6): number {
  const fd = libc().socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
  if (fd < 0) throw new Error(`no raw socket could be made (errno ${errno()})`);
  if (attachFilter(fd, FILTERS[family]) !== 0) {
    const number = errno();
    closeSync(fd);
    throw new Error(`no filter could be attached to a raw socket (errno ${number})`);
  }
  const size = int(BUFFER_BYTES);
  // Without the right to it the default is what there is, and some are missed while very many arrive.
  libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length);
  // What came before the filter did.
  while (libc().recvfrom(fd, Buffer.alloc(1), 1, 0, null, null) >= 0);
  return fd;
}

/** linux/filter.h: `struct sock_fprog` of 64 bits, and behind it in the same memory what it points to. */
function attachFilter(fd: number, instructions: readonly Instruction[]): number {
  const head = 16;
  const program = Buffer.alloc(head + 8 * instructions.length);
  program.writeUInt16LE(instructions.length);
  program.writeBigUInt64LE(koffi.address(program) + BigInt(head), 8);
  for (const [index, [operation, jt, jf, k]] of instructions.entries()) {
    const at = head + 8 * index;
    program.writeUInt16LE(operation, at);
    program.writeUInt8(jt, at + 2);
    program.writeUInt8(jf, at + 3);
    program.writeUInt32LE(k, at + 4);
  }
  return libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, program, head);
}

export function readIpv4(packet: Buffer): Captured | undefined {
  const header = ((packet[0] ?? 0) & 15) * 4;
  if (header < 20 || packet.length !== header + UDP_HEADER + INITIATION_BYTES) return undefined;
  return fromUdp(packet.subarray(header), [...packet.subarray(12, 16)].join('.'));
}

export function readIpv6(packet: Buffer, address: Buffer): Captured | undefined {
  // A link's own addresses mean nothing without the link.
  if (packet.length !== UDP_HEADER + INITIATION_BYTES || address.readUInt16BE(0) >>> 6 === 0x3fa)
    return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => address.readUInt16BE(2 * index).toString(16));
  return fromUdp(packet, `[${groups.join(':')}]`);
}

function fromUdp(datagram: Buffer, address: string): Captured | undefined {
  const from = datagram.readUInt16BE(0);
  if (from === 0) return undefined;
  return {
    source: `${address}:${from}`,
    port: datagram.readUInt16BE(2),
    payload: datagram.subarray(UDP_HEADER),
  };
}
