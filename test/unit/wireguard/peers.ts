import fc from 'fast-check';
import type { HandoverPeer } from '../../../src/api/handover.ts';
import { formatAddress } from '../../../src/wireguard/ipv4.ts';

/** 32 bytes in base64 that are not all zeros. */
export const key = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => Buffer.from(bytes).toString('base64'));

/** A key for a number, the same each time. */
export const keyOf = (number: number): string => {
  const bytes = Buffer.alloc(32, 7);
  bytes.writeUInt32BE(number, 8);
  return bytes.toString('base64');
};

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);

/** A network behind a router that no other peer has: `172.16.0.0/12` cut into /28. */
const behind = (number: number): string => `${formatAddress(0xac100000 + number * 16)}/28`;

/** Peers as the controller would hand them over: addresses, keys and networks all different, in any order. */
export const handoverPeers: fc.Arbitrary<HandoverPeer[]> = fc
  .uniqueArray(
    fc.record({
      namespace: label,
      name: label,
      uid: fc.uuid(),
      number: fc.integer({ min: 0, max: 65_000 }),
      publicKey: key,
      networks: fc.integer({ min: 0, max: 3 }),
    }),
    { selector: ({ number }) => number, maxLength: 30 },
  )
  .filter(
    (peers) => new Set(peers.flatMap(({ uid, publicKey }) => [uid, publicKey])).size === 2 * peers.length,
  )
  .map((peers) =>
    peers.map(({ number, networks, ...peer }) => {
      const address = formatAddress(0x0a640100 + number);
      const further = Array.from({ length: networks }, (_, index) => behind(number * 4 + index));
      return { ...peer, address, allowedIPs: [`${address}/32`, ...further] };
    }),
  );
