/** IP packets of all kinds, made by hand, each with a mark in it by which it is known wherever it comes out. */

/** Precedes the number of a packet in its payload. */
const MAGIC = Buffer.from('7f1d6e2bc4a9', 'hex');
const MARK_BYTES = MAGIC.length + 4;

export const PROTOCOL = { icmp: 1, igmp: 2, ipip: 4, tcp: 6, udp: 17, gre: 47, esp: 50, ospf: 89, sctp: 132 };

export interface Draft {
  id: number;
  source: string;
  destination: string;
  /** Chance, from 0 to 1. */
  random: () => number;
}

/** Several times over: where a packet is cut into pieces anew, one of these has it whole. */
export const mark = (id: number): Buffer => {
  const bytes = Buffer.alloc(MARK_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt32BE(id, MAGIC.length);
  return Buffer.concat([bytes, bytes, bytes, bytes]);
};

/** Numbers of all packets that this one is, holds or quotes. */
export function marksIn(packet: Buffer): number[] {
  const found: number[] = [];
  for (let at = packet.indexOf(MAGIC); at >= 0; at = packet.indexOf(MAGIC, at + 1)) {
    if (at + MARK_BYTES <= packet.length) found.push(packet.readUInt32BE(at + MAGIC.length));
  }
  return found;
}

export const between = (random: () => number, from: number, to: number): number =>
  from + Math.floor(random() * (to - from + 1));

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += (bytes.at(-1) ?? 0) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const octets = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

interface Header {
  protocol: number;
  options?: Buffer;
  /** In units of 8 bytes. */
  offset?: number;
  more?: boolean;
  identification?: number;
}

function ipv4({ source, destination, random }: Draft, header: Header, payload: Buffer): Buffer {
  const { protocol, options = Buffer.alloc(0), offset = 0, more = false } = header;
  const bytes = Buffer.alloc(20 + options.length);
  bytes.writeUInt8(0x40 | (bytes.length / 4), 0);
  bytes.writeUInt16BE(bytes.length + payload.length, 2);
  bytes.writeUInt16BE(header.identification ?? between(random, 1, 65_535), 4);
  bytes.writeUInt16BE((more ? 0x2000 : 0) | offset, 6);
  bytes.writeUInt8(between(random, 8, 64), 8);
  bytes.writeUInt8(protocol, 9);
  octets(source).copy(bytes, 12);
  octets(destination).copy(bytes, 16);
  options.copy(bytes, 20);
  bytes.writeUInt16BE(checksum(bytes), 10);
  return Buffer.concat([bytes, payload]);
}

function udpOf({ id, random }: Draft): Buffer {
  const data = Buffer.concat([mark(id), Buffer.alloc(between(random, 0, 200))]);
  const bytes = Buffer.alloc(8);
  const ports = [53, 67, 68, 123, 161, 500, 546, 1812, 4789, 5353, 8472, 51_820, 65_000];
  bytes.writeUInt16BE(between(random, 1, 65_535), 0);
  bytes.writeUInt16BE(ports[between(random, 0, ports.length - 1)] ?? 53, 2);
  bytes.writeUInt16BE(8 + data.length, 4);
  return Buffer.concat([bytes, data]);
}

const TCP_FLAGS = { syn: 2, rst: 4, ack: 16, christmas: 0x29 };

function tcpOf({ id, source, destination, random }: Draft, flags: number): Buffer {
  const ports = [22, 80, 179, 443, 2379, 6443, 8728, 10_250, 65_000];
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16BE(between(random, 1024, 65_535), 0);
  bytes.writeUInt16BE(ports[between(random, 0, ports.length - 1)] ?? 80, 2);
  bytes.writeUInt32BE(between(random, 0, 0xffffffff), 4);
  bytes.writeUInt8(0x50, 12);
  bytes.writeUInt8(flags, 13);
  bytes.writeUInt16BE(64_240, 14);
  const segment = Buffer.concat([bytes, mark(id)]);
  const pseudo = Buffer.alloc(12);
  octets(source).copy(pseudo, 0);
  octets(destination).copy(pseudo, 4);
  pseudo.writeUInt8(PROTOCOL.tcp, 9);
  pseudo.writeUInt16BE(segment.length, 10);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), 16);
  return segment;
}

function icmpOf(type: number, code: number, rest: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt8(code, 1);
  bytes.writeUInt32BE(rest, 4);
  const whole = Buffer.concat([bytes, data]);
  whole.writeUInt16BE(checksum(whole), 2);
  return whole;
}

/** An ICMP error about a packet that its receiver is to have sent. */
function errorOf(draft: Draft, type: number, code: number, rest: number): Buffer {
  const quoted = { ...draft, source: draft.destination, destination: draft.source };
  return icmpOf(type, code, rest, ipv4(quoted, { protocol: PROTOCOL.udp }, udpOf(draft)));
}

export const echo = (draft: Draft): Buffer => {
  const data = Buffer.concat([mark(draft.id), Buffer.alloc(between(draft.random, 0, 64))]);
  return ipv4(draft, { protocol: PROTOCOL.icmp }, icmpOf(8, 0, between(draft.random, 0, 0xffffffff), data));
};

function fragments(draft: Draft, protocol: number, payload: Buffer, first: number): Buffer[] {
  const identification = between(draft.random, 1, 65_535);
  return [
    ipv4(draft, { protocol, more: true, identification }, payload.subarray(0, first)),
    ipv4(draft, { protocol, offset: first / 8, identification }, payload.subarray(first)),
  ];
}

/** An option with addresses in it (RFC 791): record route 7, loose source route 131, strict 137. */
const routeOption = (type: number, address: string): Buffer =>
  Buffer.concat([Buffer.from([type, 7, 4]), octets(address), Buffer.from([0])]);

function ipv6(draft: Draft, source: string, destination: string, next: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt8(0x60, 0);
  bytes.writeUInt16BE(payload.length, 4);
  bytes.writeUInt8(next, 6);
  bytes.writeUInt8(255, 7);
  Buffer.from(source, 'hex').copy(bytes, 8);
  Buffer.from(destination, 'hex').copy(bytes, 24);
  return Buffer.concat([bytes, payload, mark(draft.id)]);
}

const LINK_LOCAL = 'fe800000000000000000000000000001';
const ALL_NODES = 'ff020000000000000000000000000001';
const LOCAL = 'fd000000000000000000000000000001';
/** An IPv4 address in IPv6's clothes. */
const mapped = (address: string): string => `00000000000000000000ffff${octets(address).toString('hex')}`;

/** Raw sockets get whatever has these protocols. */
export const PROTOCOLS = [...Object.values(PROTOCOL), 41];

/**
 * Kinds of packets. `passes`: forwarded where routers reach each other; what is no whole IPv4 packet, or says by which way
 * it is to go, is not.
 */
export const KINDS: Record<string, { passes: boolean; make: (draft: Draft) => Buffer[] }> = {
  echo: { passes: true, make: (draft) => [echo(draft)] },
  udp: { passes: true, make: (draft) => [ipv4(draft, { protocol: PROTOCOL.udp }, udpOf(draft))] },
  'tcp syn': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: PROTOCOL.tcp }, tcpOf(draft, TCP_FLAGS.syn))],
  },
  'tcp ack': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: PROTOCOL.tcp }, tcpOf(draft, TCP_FLAGS.ack))],
  },
  'tcp rst': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: PROTOCOL.tcp }, tcpOf(draft, TCP_FLAGS.rst))],
  },
  'tcp all flags': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: PROTOCOL.tcp }, tcpOf(draft, TCP_FLAGS.christmas))],
  },
  'udp in fragments': { passes: true, make: (draft) => fragments(draft, PROTOCOL.udp, udpOf(draft), 8) },
  'tcp in tiny fragments': {
    passes: true,
    make: (draft) => fragments(draft, PROTOCOL.tcp, tcpOf(draft, TCP_FLAGS.syn), 8),
  },
  'a fragment without its first': {
    passes: false,
    make: (draft) => [ipv4(draft, { protocol: PROTOCOL.udp, offset: 185 }, udpOf(draft))],
  },
  'echo reply': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: 1 }, icmpOf(0, 0, 1, mark(draft.id)))],
  },
  redirect: {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: 1 }, errorOf(draft, 5, 1, 0x0a640101))],
  },
  'too big': { passes: true, make: (draft) => [ipv4(draft, { protocol: 1 }, errorOf(draft, 3, 4, 68))] },
  'timestamp request': {
    passes: true,
    make: (draft) => [
      ipv4(draft, { protocol: 1 }, icmpOf(13, 0, 1, Buffer.concat([Buffer.alloc(12), mark(draft.id)]))),
    ],
  },
  'router advertisement': {
    passes: true,
    make: (draft) => [ipv4(draft, { protocol: 1 }, icmpOf(9, 0, 0x0102_0708, mark(draft.id)))],
  },
  ...Object.fromEntries(
    (['igmp', 'ipip', 'gre', 'esp', 'ospf', 'sctp'] as const).map((name) => [
      name,
      {
        passes: true,
        make: (draft: Draft) => [
          ipv4(draft, { protocol: PROTOCOL[name] }, Buffer.concat([Buffer.alloc(24), mark(draft.id)])),
        ],
      },
    ]),
  ),
  'a packet in a packet': {
    passes: true,
    make: (draft) => [
      ipv4(draft, { protocol: PROTOCOL.ipip }, ipv4(draft, { protocol: PROTOCOL.udp }, udpOf(draft))),
    ],
  },
  'record route': {
    passes: true,
    make: (draft) => [
      ipv4(draft, { protocol: PROTOCOL.udp, options: routeOption(7, '0.0.0.0') }, udpOf(draft)),
    ],
  },
  'loose source route': {
    passes: false,
    make: (draft) => [
      ipv4(draft, { protocol: PROTOCOL.udp, options: routeOption(131, '10.244.0.10') }, udpOf(draft)),
    ],
  },
  'strict source route': {
    passes: false,
    make: (draft) => [
      ipv4(
        draft,
        { protocol: PROTOCOL.icmp, options: routeOption(137, draft.destination) },
        icmpOf(8, 0, 1, mark(draft.id)),
      ),
    ],
  },
  'router alert': {
    passes: true,
    make: (draft) => [
      ipv4(draft, { protocol: PROTOCOL.udp, options: Buffer.from([148, 4, 0, 0]) }, udpOf(draft)),
    ],
  },
  'ipv6 advertisement to all': {
    passes: false,
    make: (draft) => [ipv6(draft, LINK_LOCAL, ALL_NODES, 58, Buffer.from('8600000040080708', 'hex'))],
  },
  'ipv6 udp': {
    passes: false,
    make: (draft) => [ipv6(draft, LOCAL, mapped(draft.destination), PROTOCOL.udp, udpOf(draft))],
  },
  'ipv6 to a link-local address': {
    passes: false,
    make: (draft) => [ipv6(draft, LINK_LOCAL, LINK_LOCAL, 58, Buffer.from('8000000000010001', 'hex'))],
  },
};
