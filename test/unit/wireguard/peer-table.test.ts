import fc from 'fast-check';
import { subnetsOf } from '../../../src/wireguard/addresses.ts';
import { parseAddress } from '../../../src/wireguard/ipv4.ts';
import { PeerTable, routesOf, sameSettings } from '../../../src/wireguard/tunnel/peers.ts';
import { keyOf } from './peers.ts';

const NETWORKS = ['10.100.1.1/32', '10.100.1.2/32', '10.100.1.3/32', '192.168.1.0/24', '192.168.2.0/24'];
const change = fc
  .record({
    set: fc.array(fc.tuple(fc.nat(5), fc.subarray(NETWORKS)), { maxLength: 3 }),
    remove: fc.array(fc.nat(5), { maxLength: 2 }),
  })
  .map(({ set, remove }) => {
    const taken = new Set<string>();
    const peers = new Map<string, { publicKey: string; allowedIPs: string[] }>();
    for (const [number, networks] of set) {
      const allowedIPs = networks.filter((network) => !taken.has(network));
      for (const network of allowedIPs) taken.add(network);
      if (!peers.has(keyOf(number))) peers.set(keyOf(number), { publicKey: keyOf(number), allowedIPs });
    }
    return { set: [...peers.values()], remove: remove.map(keyOf).filter((key) => !peers.has(key)) };
  });

describe('the table of known peers', () => {
  test('gives each network one owner, the last who was set with it, after any changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const table = new PeerTable(new Map());
        const owners = new Map<string, string>();
        const present = new Set<string>();
        for (const each of changes) {
          const plan = table.plan(each);
          table.apply(plan);
          for (const key of each.remove) {
            present.delete(key);
            for (const [network, owner] of owners) if (owner === key) owners.delete(network);
          }
          // What was left out of the plan must have been so already, or the two would differ from here on.
          for (const { publicKey, allowedIPs } of each.set) {
            present.add(publicKey);
            for (const [network, owner] of owners) if (owner === publicKey) owners.delete(network);
            for (const network of allowedIPs) owners.set(network, publicKey);
          }
        }
        expect(new Set(table.peers.keys())).toEqual(present);
        for (const network of NETWORKS) expect(table.has(network)).toBe(owners.has(network));
        for (const [key, { allowedIPs }] of table.peers) {
          const owned = [...owners].filter(([, owner]) => owner === key).map(([network]) => network);
          expect(sameSettings({ allowedIPs: owned }, { allowedIPs })).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('a change that is so already has an empty plan', () => {
    fc.assert(
      fc.property(change, (each) => {
        const table = new PeerTable(new Map());
        table.apply(table.plan(each));
        expect(table.plan(each)).toEqual({ remove: [], set: new Map() });
      }),
    );
  });

  test('an address is found in the networks of peers, and not in those that somebody had', () => {
    const table = new PeerTable(new Map());
    const peer = { publicKey: keyOf(1), allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'] };
    table.apply(table.plan({ set: [peer], remove: [] }));
    const leadsTo = (text: string) => table.leadsTo(parseAddress(text) ?? 0);
    expect(['10.100.1.1', '192.168.88.0', '192.168.88.255'].map(leadsTo)).toEqual([true, true, true]);
    expect(['10.100.1.2', '192.168.89.0', '0.0.0.0', '255.255.255.255'].map(leadsTo)).not.toContain(true);
    table.apply(table.plan({ set: [{ ...peer, allowedIPs: ['10.100.1.1/32'] }], remove: [] }));
    expect(leadsTo('192.168.88.7')).toBe(false);
  });

  test('only networks outside of the tunnel have routes of their own', () => {
    const subnets = subnetsOf(['10.100.0.1/16', '10.200.0.1/24']);
    const networks = ['10.100.1.1/32', '10.200.0.0/25', '10.200.0.0/23', '192.168.1.0/24', '192.168.1.0/24'];
    expect(routesOf(networks, subnets)).toEqual(['10.200.0.0/23', '192.168.1.0/24']);
  });
});
