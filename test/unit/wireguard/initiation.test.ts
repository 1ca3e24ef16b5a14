import { createHash, randomBytes } from 'node:crypto';
import { blake2s } from '../../../src/wireguard/initiations/blake2s.ts';
import { readIpv4, readIpv6 } from '../../../src/wireguard/initiations/capture.ts';
import {
  clockOf,
  isAddressedTo,
  openInitiation,
  responderOf,
} from '../../../src/wireguard/initiations/initiation.ts';
import { generateKeyPair } from '../../../src/wireguard/keys.ts';
import { makeInitiation } from '../../testbed/initiation.ts';

const server = generateKeyPair();
const router = generateKeyPair();
const responder = responderOf(server.privateKey);
const made = (clock = new Date(), serverKey = server.publicKey): Buffer =>
  makeInitiation({ privateKey: router.privateKey, serverKey, clock });

test('BLAKE2s without a key is that of node:crypto, at every length around a block', () => {
  for (const length of [0, 1, 55, 63, 64, 65, 127, 128, 129, 1000]) {
    const input = randomBytes(length);
    expect(blake2s(Buffer.alloc(0), input, 32)).toEqual(createHash('blake2s256').update(input).digest());
  }
});

// https://github.com/BLAKE2/BLAKE2/blob/master/testvectors/blake2s-kat.txt
test.each([
  ['', '48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49'],
  ['00', '40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1'],
])('BLAKE2s with a key has the published value of "%s"', (input, expected) => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  expect(blake2s(key, Buffer.from(input, 'hex'), 32).toString('hex')).toBe(expected);
});

test('one that is to the server tells who sent it and when by its own clock', () => {
  const clock = new Date('1970-01-02T00:03:05Z');
  const packet = made(clock);
  expect(isAddressedTo(responder, packet)).toBe(true);
  const opened = openInitiation(responder, packet);
  expect(opened?.publicKey).toBe(router.publicKey);
  expect(clockOf(opened?.stamp ?? '')).toBe(clock.getTime() / 1000);
});

test('a later one has the greater stamp', () => {
  const stamps = [
    '1970-01-02T00:00:00Z',
    '1999-12-31T23:59:59.1Z',
    '1999-12-31T23:59:59.2Z',
    '2030-01-01T00:00:00Z',
  ].map((clock) => openInitiation(responder, made(new Date(clock)))?.stamp ?? '');
  expect(stamps.toSorted()).toEqual(stamps);
  expect(new Set(stamps).size).toBe(4);
});

test('one to another server is not addressed to this one, and does not open', () => {
  const packet = made(new Date(), generateKeyPair().publicKey);
  expect(isAddressedTo(responder, packet)).toBe(false);
  expect(openInitiation(responder, packet)).toBeUndefined();
});

test('each bit of it that is turned keeps it from being opened, or from being taken in at all', () => {
  const packet = made();
  for (let bit = 0; bit < packet.length * 8; bit += 5) {
    const turned = Buffer.from(packet);
    turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    // mac2 is the cookie's, of which nobody but WireGuard knows.
    if (bit >> 3 < 132) expect(isAddressedTo(responder, turned)).toBe(false);
    // Sender, mac1 and mac2 are not part of what is sealed; the top bit of a key means nothing (RFC 7748 §5).
    const isSealed = bit >> 3 >= 8 && bit >> 3 < 116 && bit !== 39 * 8 + 7;
    if (isSealed) expect(openInitiation(responder, turned)).toBeUndefined();
  }
});

test.each([0, 1, 8, 147, 149])('%i bytes are none', (length) => {
  expect(isAddressedTo(responder, Buffer.alloc(length, 1))).toBe(false);
});

test('a key of small order is refused without a word', () => {
  const packet = made();
  packet.fill(0, 8, 40);
  expect(openInitiation(responder, packet)).toBeUndefined();
});

test('a clock may say anything', () => {
  for (const stamp of ['00'.repeat(12), 'ff'.repeat(12)]) {
    expect(() => new Date(clockOf(stamp) * 1000).toISOString()).not.toThrow();
  }
});

describe('a captured packet', () => {
  const udp = Buffer.concat([
    Buffer.from('33ab ca6c 009c 0000'.replaceAll(' ', ''), 'hex'),
    Buffer.alloc(148, 7),
  ]);

  test('of IPv4 tells source and port, with options in its header too', () => {
    for (const words of [5, 6, 15]) {
      const header = Buffer.alloc(4 * words);
      header[0] = 0x40 | words;
      header.set([203, 0, 113, 7], 12);
      const read = readIpv4(Buffer.concat([header, udp]));
      expect(read).toMatchObject({ source: '203.0.113.7:13227', port: 51_820 });
      expect(read?.payload).toEqual(Buffer.alloc(148, 7));
    }
  });

  test('of IPv6 as well, unless the address means nothing beyond a link', () => {
    const address = Buffer.from('20010db8000000000000000000000007', 'hex');
    expect(readIpv6(udp, address)).toMatchObject({ source: '[2001:db8:0:0:0:0:0:7]:13227', port: 51_820 });
    expect(readIpv6(udp, Buffer.from('fe800000000000000000000000000007', 'hex'))).toBeUndefined();
  });

  test('that is cut short, or from port 0, is none', () => {
    const header = Buffer.alloc(20);
    header[0] = 0x45;
    expect(readIpv4(Buffer.concat([header, udp.subarray(0, 100)]))).toBeUndefined();
    expect(readIpv4(Buffer.alloc(0))).toBeUndefined();
    expect(readIpv4(Buffer.concat([header, Buffer.alloc(156)]))).toBeUndefined();
  });
});
