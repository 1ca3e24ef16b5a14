/** IPv6 packets of all kinds, made by hand, each with the mark of its number in it (packets.ts). */
import { between, checksum, type Draft, mark } from './packets.ts';

/** Numbers of what may stand in a packet (IANA, protocol numbers). */
const NEXT = { hopByHop: 0, ipip: 4, tcp: 6, udp: 17, ipv6: 41, routing: 43, fragment: 44, gre: 47 };
const AFTER = { esp: 50, icmpv6: 58, none: 59, destination: 60, sctp: 132 };

/** Raw sockets get whatever has these protocols. */
export const PROTOCOLS_6 = [
  NEXT.ipip,
  NEXT.tcp,
  NEXT.udp,
  NEXT.ipv6,
  NEXT.gre,
  AFTER.esp,
  AFTER.icmpv6,
  AFTER.sctp,
];

/** 16 bytes of an address; one with an IPv4 address at its end, too. */
export function octets6(address: string): Buffer {
  const url = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = url.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const bytes = Buffer.alloc(16);
  for (const [at, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * at);
  return bytes;
}

function packet(
  { source, destination, random }: Draft,
  next: number,
  payload: Buffer,
  hops?: number,
): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt8(0x60, 0);
  bytes.writeUInt16BE(payload.length, 4);
  bytes.writeUInt8(next, 6);
  bytes.writeUInt8(hops ?? between(random, 8, 255), 7);
  octets6(source).copy(bytes, 8);
  octets6(destination).copy(bytes, 24);
  return Buffer.concat([bytes, payload]);
}

/** With the checksum that such a segment has (RFC 8200, §8.1), at this place in it. */
function summed({ source, destination }: Draft, next: number, segment: Buffer, at: number): Buffer {
  const pseudo = Buffer.alloc(40);
  octets6(source).copy(pseudo, 0);
  octets6(destination).copy(pseudo, 16);
  pseudo.writeUInt32BE(segment.length, 32);
  pseudo.writeUInt8(next, 39);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudo, segment])), at);
  return segment;
}

function udp(draft: Draft): Buffer {
  const { id, random } = draft;
  const ports = [53, 67, 123, 161, 500, 546, 547, 1812, 4789, 5353, 51_820, 65_000];
  const bytes = Buffer.alloc(8);
  const data = Buffer.concat([mark(id), Buffer.alloc(between(random, 0, 200))]);
  bytes.writeUInt16BE(between(random, 1, 65_535), 0);
  bytes.writeUInt16BE(ports[between(random, 0, ports.length - 1)] ?? 53, 2);
  bytes.writeUInt16BE(8 + data.length, 4);
  return summed(draft, NEXT.udp, Buffer.concat([bytes, data]), 6);
}

function tcp(draft: Draft, flags: number): Buffer {
  const { id, random } = draft;
  const ports = [22, 80, 443, 2379, 6443, 8728, 10_250, 65_000];
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16BE(between(random, 1024, 65_535), 0);
  bytes.writeUInt16BE(ports[between(random, 0, ports.length - 1)] ?? 80, 2);
  bytes.writeUInt32BE(between(random, 0, 0xffffffff), 4);
  bytes.writeUInt8(0x50, 12);
  bytes.writeUInt8(flags, 13);
  bytes.writeUInt16BE(64_240, 14);
  return summed(draft, NEXT.tcp, Buffer.concat([bytes, mark(id)]), 16);
}

function icmp(draft: Draft, type: number, rest: Buffer, code = 0): Buffer {
  return summed(draft, AFTER.icmpv6, Buffer.concat([Buffer.from([type, code, 0, 0]), rest]), 2);
}

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const ofIcmp = (draft: Draft, type: number, rest: Buffer, hops?: number): Buffer[] => [
  packet(draft, AFTER.icmpv6, icmp(draft, type, rest), hops),
];

/** An error about a packet that its receiver is to have sent. */
function error(draft: Draft, type: number, rest: number): Buffer[] {
  const quoted = { ...draft, source: draft.destination, destination: draft.source };
  return ofIcmp(draft, type, Buffer.concat([word(rest), packet(quoted, NEXT.udp, udp(quoted))]));
}

export const echo6 = (draft: Draft): Buffer => {
  const data = Buffer.concat([word(between(draft.random, 0, 0xffffffff)), mark(draft.id)]);
  return packet(draft, AFTER.icmpv6, icmp(draft, 128, data));
};

/** One extension header of 8 bytes or more before what follows. */
const extended = (draft: Draft, kind: number, next: number, rest: Buffer, payload: Buffer): Buffer =>
  packet(draft, kind, Buffer.concat([Buffer.from([next, (rest.length + 2) / 8 - 1]), rest, payload]));

const fragmentOf = (
  draft: Draft,
  next: number,
  offset: number,
  more: boolean,
  id: number,
  part: Buffer,
): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt8(next, 0);
  header.writeUInt16BE((offset << 3) | Number(more), 2);
  header.writeUInt32BE(id, 4);
  return packet(draft, NEXT.fragment, Buffer.concat([header, part]));
};

function fragments(draft: Draft, next: number, payload: Buffer, first: number): Buffer[] {
  const id = between(draft.random, 1, 0xffffffff);
  return [
    fragmentOf(draft, next, 0, true, id, payload.subarray(0, first)),
    fragmentOf(draft, next, first / 8, false, id, payload.subarray(first)),
  ];
}

/** By way of another address first or after: type 0 (RFC 5095), 2 (RFC 6275), 4 (RFC 8754), one segment to go. */
const routed = (draft: Draft, type: number, by: string): Buffer[] => [
  extended(
    draft,
    NEXT.routing,
    NEXT.udp,
    Buffer.concat([Buffer.from([type, 1]), Buffer.alloc(4), octets6(by)]),
    udp(draft),
  ),
];

const padded = (draft: Draft): Buffer => Buffer.concat([Buffer.alloc(24), mark(draft.id)]);

interface Kind {
  /** Forwarded where routers reach each other. */
  passes: boolean;
  make: (draft: Draft) => Buffer[];
}

const whole = (make: (draft: Draft) => Buffer[]): Kind => ({ passes: true, make });

export const KINDS_6: Record<string, Kind> = {
  echo: whole((draft) => [echo6(draft)]),
  udp: whole((draft) => [packet(draft, NEXT.udp, udp(draft))]),
  'tcp syn': whole((draft) => [packet(draft, NEXT.tcp, tcp(draft, 2))]),
  'tcp ack': whole((draft) => [packet(draft, NEXT.tcp, tcp(draft, 16))]),
  'tcp all flags': whole((draft) => [packet(draft, NEXT.tcp, tcp(draft, 0x29))]),
  'echo reply': whole((draft) => ofIcmp(draft, 129, Buffer.concat([word(1), mark(draft.id)]))),
  unreachable: whole((draft) => error(draft, 1, 0)),
  'too big': whole((draft) => error(draft, 2, 1280)),
  'time exceeded': whole((draft) => error(draft, 3, 0)),
  redirect: whole((draft) =>
    ofIcmp(
      draft,
      137,
      Buffer.concat([word(0), octets6(draft.source), octets6(draft.destination), mark(draft.id)]),
    ),
  ),
  'router advertisement': whole((draft) =>
    ofIcmp(draft, 134, Buffer.concat([word(0x40080708), word(0), word(0), mark(draft.id)])),
  ),
  'router solicitation': whole((draft) => ofIcmp(draft, 133, Buffer.concat([word(0), mark(draft.id)]))),
  'neighbour solicitation': whole((draft) =>
    ofIcmp(draft, 135, Buffer.concat([word(0), octets6(draft.destination), mark(draft.id)]), 255),
  ),
  'neighbour advertisement': whole((draft) =>
    ofIcmp(draft, 136, Buffer.concat([word(0x60000000), octets6(draft.source), mark(draft.id)]), 255),
  ),
  'listener report': whole((draft) =>
    ofIcmp(draft, 131, Buffer.concat([word(0), octets6('ff02::1:3'), mark(draft.id)])),
  ),
  'node information': whole((draft) => ofIcmp(draft, 139, Buffer.concat([word(0), padded(draft)]))),
  'udp in fragments': whole((draft) => fragments(draft, NEXT.udp, udp(draft), 8)),
  // A first fragment without the whole header of TCP is dropped (RFC 8200, §4.5), unlike with IPv4.
  'tcp in tiny fragments': {
    passes: false,
    make: (draft) => fragments(draft, NEXT.tcp, tcp(draft, 2), 8),
  },
  'tcp in fragments': whole((draft) => fragments(draft, NEXT.tcp, tcp(draft, 2), 24)),
  'a fragment without its first': {
    passes: false,
    make: (draft) => [fragmentOf(draft, NEXT.udp, 185, false, between(draft.random, 1, 65_535), udp(draft))],
  },
  'a fragment that is all': whole((draft) => [
    fragmentOf(draft, NEXT.udp, 0, false, between(draft.random, 1, 65_535), udp(draft)),
  ]),
  'destination options': whole((draft) => [
    extended(draft, AFTER.destination, NEXT.udp, Buffer.from([1, 4, 0, 0, 0, 0]), udp(draft)),
  ]),
  'router alert': whole((draft) => [
    extended(draft, NEXT.hopByHop, NEXT.udp, Buffer.from([5, 2, 0, 0, 1, 0]), udp(draft)),
  ]),
  'source route': whole((draft) => routed(draft, 0, 'fd44::10')),
  'mobile route': whole((draft) => routed(draft, 2, 'fd44::10')),
  'segment route': whole((draft) => routed(draft, 4, 'fd44::10')),
  'a packet in a packet': whole((draft) => [packet(draft, NEXT.ipv6, packet(draft, NEXT.udp, udp(draft)))]),
  ...Object.fromEntries(
    Object.entries({
      ipip: NEXT.ipip,
      gre: NEXT.gre,
      esp: AFTER.esp,
      sctp: AFTER.sctp,
      nothing: AFTER.none,
    }).map(([name, next]) => [name, whole((draft) => [packet(draft, next, padded(draft))])]),
  ),
};
