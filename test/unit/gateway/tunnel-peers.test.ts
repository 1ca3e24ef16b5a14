import fc from 'fast-check';
import { newLink } from '../../../src/gateway/connectivity.ts';
import { desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { Fleet, routerKey } from '../../../src/gateway/fleet.ts';
import { differing } from '../../../src/gateway/tunnel-peers.ts';
import { type Given, planTunnel } from '../../../src/gateway/tunnel-plan.ts';
import { generateKeyPair, type Peer } from '../../../src/wireguard/index.ts';
import { accessObject, objectsOf, peerAt, peersObject, tunnelObject } from './fixtures.ts';

const BLOCKS = [1, 2, 3];
const keys = Array.from({ length: 6 }, () => generateKeyPair().publicKey);
const presharedKey = generateKeyPair().publicKey;

/** Few of each, so that they are often in each other's way. */
const router = fc.record({
  number: fc.integer({ min: 1, max: 6 }),
  key: fc.constantFrom(...keys),
  subnet: fc.constantFrom(undefined, undefined, '192.168.0.0/16', '192.168.88.0/24'),
  uid: fc.constantFrom('a', 'b'),
});
const block = fc.record({
  routers: fc.uniqueArray(router, {
    maxLength: 3,
    comparator: (a, b) =>
      a.number === b.number || a.key === b.key || (a.subnet !== undefined && a.subnet === b.subnet),
  }),
  isMissing: fc.nat(9).map((number) => number === 0),
  isSecret: fc.boolean(),
});
/** Which block becomes what, one after the other. */
const history = fc.array(fc.tuple(fc.constantFrom(...BLOCKS), block), { maxLength: 25 });

type Block = typeof block extends fc.Arbitrary<infer T> ? T : never;

const peersOf = ({ routers }: Block) =>
  routers.map(({ number, key, subnet, uid }) =>
    peerAt(number, {
      publicKey: key,
      uid: `uid-${number}-${uid}`,
      allowedIPs: [`10.100.1.${number}/32`, ...(subnet === undefined ? [] : [subnet])],
    }),
  );

test('read again and again, the peers are what they are when read once; and so are the node and the fleet', () => {
  let short = 0;
  const one = (steps: readonly (readonly [number, Block])[]): void => {
    const memory = new TunnelMemory();
    const fleet = new Fleet();
    const tunnel = fleet.ensure('wg3');
    const peers = new Map(BLOCKS.map((number) => [number, peersObject([], number)]));
    const access = new Map(BLOCKS.map((number) => [number, accessObject([], number)]));
    const device = new Map<string, Peer>();
    let given: Given | undefined;
    let before = desiredTunnel(3, objectsOf([]), memory);
    for (const [number, content] of steps) {
      const routers = peersOf(content);
      peers.set(number, peersObject(routers, number));
      access.set(number, accessObject(routers, number, content.isSecret ? presharedKey : undefined));
      if (content.isMissing) peers.delete(number);
      const objects = objectsOf([], { tunnel: tunnelObject({ blocks: BLOCKS }), peers, access });
      const reading = desiredTunnel(3, objects, memory);
      const { changes, ...read } = reading;
      const { changes: _, ...fresh } = desiredTunnel(3, objects, new TunnelMemory());
      expect(new Map([...read.peers].sort())).toEqual(new Map([...fresh.peers].sort()));
      expect({ ...read, peers: 0 }).toEqual({ ...fresh, peers: 0 });
      if (changes !== undefined) {
        short += 1;
        const all = differing(before.peers, { peers: reading.peers });
        if (changes.from === before.peers) expect([...changes.keys].sort()).toEqual([...all].sort());
      }

      const told = fleet.update(tunnel, reading, () => newLink({ wall: 0, monotonic: 0 }));
      expect(new Set(told).size).toBe(told.length);
      expect([...tunnel.links.keys()].sort()).toEqual([...tunnel.desired.peers.keys()].sort());
      for (const peer of tunnel.desired.peers.values()) {
        if (reading.problems.length === 0) expect(fleet.place(routerKey(peer.router))?.peer).toBe(peer);
      }

      const step = planTunnel(reading, given, given !== undefined);
      if (step.call !== 'none') given = step.given;
      if (step.call === 'put') for (const peer of step.state.peers) device.set(peer.publicKey, peer);
      if (step.call === 'patch') {
        for (const key of step.change.remove) device.delete(key);
        for (const peer of step.change.set) device.set(peer.publicKey, peer);
      }
      if (reading.problems.length === 0) {
        const wanted = [...fresh.peers].map(([key, { peer }]) => [key, peer] as const);
        expect(new Map([...device].sort())).toEqual(new Map([...wanted].sort()));
      }
      before = reading;
    }
  };
  fc.assert(fc.property(history, one), { numRuns: 300 });
  expect(short).toBeGreaterThan(100);
});

test('one more peer is told alone, and the others are what they were', () => {
  const memory = new TunnelMemory();
  const [a, b, c] = [peerAt(1), peerAt(2), peerAt(3)];
  const objects = objectsOf([a, b]);
  const before = desiredTunnel(3, objects, memory);
  const grown = {
    ...objects,
    peers: new Map([[1, peersObject([a, b, c])]]),
    access: new Map([[1, accessObject([a, b, c])]]),
  };
  const after = desiredTunnel(3, grown, memory);
  expect(after.changes).toEqual({ from: before.peers, keys: [c.publicKey] });
  expect(after.changes?.from).toBe(before.peers);
  expect(before.peers.size).toBe(2);
  expect(after.peers.size).toBe(3);
  expect(desiredTunnel(3, grown, memory).peers).toBe(after.peers);
});
