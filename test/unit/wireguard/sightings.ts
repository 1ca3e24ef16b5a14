import fc from 'fast-check';
import type { EndpointRecord, Sighting } from '../../../src/wireguard/endpoints/record.ts';
import { key } from './peers.ts';

const port = fc.integer({ min: 1, max: 65_535 });

/** As WireGuard prints them. */
export const endpoint = fc.oneof(
  fc.tuple(fc.ipV4(), port).map(([address, number]) => `${address}:${number}`),
  fc.tuple(fc.ipV6(), port).map(([address, number]) => `[${address}]:${number}`),
);

const sighting: fc.Arbitrary<Sighting> = fc.record({
  endpoint,
  lastHandshake: fc.integer({ min: 0, max: 2 ** 33 }),
});

export const record: fc.Arbitrary<EndpointRecord> = fc.record({
  writtenAt: fc.integer({ min: 0, max: 2 ** 33 }),
  peers: fc.array(fc.tuple(key, sighting), { maxLength: 20 }).map((entries) => new Map(entries)),
});
