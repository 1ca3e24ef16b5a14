import fc from 'fast-check';
import { publicKeyOf } from '../../../src/wireguard/index.ts';
import {
  parseDestination,
  parseInterfaceName,
  parsePeerCall,
  parsePeerChange,
  parseSince,
  parseTunnelState,
} from '../../../src/wireguard/protocol-request.ts';
import { keyOf } from './peers.ts';

const STATE = {
  interfaceName: 'wg0',
  privateKey: keyOf(1),
  listenPort: 51_820,
  addresses: ['10.100.0.1/16'],
  mtu: 1420,
  peers: [
    { publicKey: keyOf(2), allowedIPs: ['10.100.1.1/32', '192.168.88.0/24'], presharedKey: keyOf(3) },
    { publicKey: keyOf(4), allowedIPs: ['10.100.1.2/32'] },
  ],
};
const PEER = STATE.peers[1];
const ZERO = `${'A'.repeat(43)}=`;
const withPeer = (changes: object): object => ({ ...STATE, peers: [{ ...PEER, ...changes }] });

const SHARED6 = {
  ...STATE,
  peers: STATE.peers.map((peer) => ({ ...peer, allowedIPs: [...peer.allowedIPs, 'fd00::101/128'] })),
};

describe('the body of a PUT', () => {
  test('has IPv6 beside IPv4', () => {
    const dual = {
      ...STATE,
      addresses: ['10.100.0.1/16', 'fd12:3456:789a:5::1/64'],
      peers: [{ publicKey: keyOf(2), allowedIPs: ['10.100.1.1/32', 'fd12:3456:789a:5::101/128'] }],
    };
    expect(parseTunnelState(dual, 'wg0')).toEqual(dual);
  });

  test('is taken when it is right', () => expect(parseTunnelState(STATE, 'wg0')).toEqual(STATE));

  test('says whether routers reach each other, or leaves it out', () => {
    const denied = { ...STATE, routerToRouter: 'Deny' };
    expect(parseTunnelState(denied, 'wg0')).toEqual(denied);
    expect(parseTunnelState(STATE, 'wg0')).not.toHaveProperty('routerToRouter');
  });

  const wrong: [what: string, body: unknown, problem: RegExp][] = [
    ['no object', [], /^The body must be a JSON object\.$/],
    ['null', null, /must be a JSON object/],
    ['an unknown field', { ...STATE, fwmark: 1 }, /unknown field "fwmark"/],
    ['another interface', { ...STATE, interfaceName: 'wg1' }, /interfaceName must be wg0, as in the path/],
    ['no key', { ...STATE, privateKey: undefined }, /privateKey must be 32 bytes in base64/],
    ['a zero key', { ...STATE, privateKey: ZERO }, /privateKey must not be all zeros/],
    ['port 0', { ...STATE, listenPort: 0 }, /listenPort must be a whole number from 1 to 65535/],
    ['a port as text', { ...STATE, listenPort: '51820' }, /listenPort must be a whole number/],
    ['a broken port', { ...STATE, listenPort: 1.5 }, /listenPort must be a whole number/],
    ['no addresses', { ...STATE, addresses: [] }, /at least one IPv4 address/],
    ['an address without length', { ...STATE, addresses: ['10.100.0.1'] }, /with a prefix length, e\.g\./],
    ['a wide address', { ...STATE, addresses: ['10.0.0.1/7'] }, /prefix length of 8 or more/],
    ['one address twice', { ...STATE, addresses: ['10.0.0.1/8', '10.0.0.1/8'] }, /one address twice/],
    ['IPv6 alone', { ...STATE, addresses: ['fd00::1/64'] }, /at least one IPv4 address/],
    ['IPv6 of another length', { ...STATE, addresses: ['10.100.0.1/16', 'fd00::1/48'] }, /has "fd00::1\/48"/],
    ['IPv6 spelled otherwise', { ...STATE, addresses: ['10.100.0.1/16', 'FD00::1/64'] }, /is like fd12/],
    ['a link-local address', { ...STATE, addresses: ['10.100.0.1/16', 'fe80::1/64'] }, /is like fd12/],
    ['an IPv6 network', withPeer({ allowedIPs: ['fd00::/64'] }), /may have one address, like/],
    ['all of IPv6', withPeer({ allowedIPs: ['::/0'] }), /allowedIPs has "::\/0"/],
    [
      "the server's IPv6 address",
      { ...withPeer({ allowedIPs: ['fd00::1/128'] }), addresses: ['10.100.0.1/16', 'fd00::1/64'] },
      /allowedIPs has fd00::1\/128, which holds the server's own address/,
    ],
    ['one IPv6 address of two', SHARED6, /peers\[0\] and peers\[1\] both have fd00::101\/128/],
    ['many addresses', { ...STATE, addresses: Array(9).fill('10.0.0.1/8') }, /9 entries, and 8 are the most/],
    ['a small MTU', { ...STATE, mtu: 500 }, /mtu must be a whole number from 576/],
    ['a word of its own', { ...STATE, routerToRouter: 'deny' }, /routerToRouter must be Allow or Deny\.$/],
    ['no peers', { ...STATE, peers: undefined }, /peers must be a list/],
    ['no peer', { ...STATE, peers: [1] }, /peers\[0\] must be a JSON object/],
    [
      'a peer with an endpoint',
      withPeer({ endpoint: '192.0.2.1:1' }),
      /peers\[0\] has the unknown field "endpoint"/,
    ],
    ['a peer without key', withPeer({ publicKey: 'x' }), /peers\[0\]\.publicKey must be 32 bytes/],
    ['a zero pre-shared key', withPeer({ presharedKey: ZERO }), /presharedKey must not be all zeros/],
    [
      'a network with host bits',
      withPeer({ allowedIPs: ['10.1.1.1/24'] }),
      /write the network, 10\.1\.1\.0\/24/,
    ],
    [
      'the server in a network',
      withPeer({ allowedIPs: ['0.0.0.0/0'] }),
      /peers\[0\].* holds the server's own address/,
    ],
    ['the server as peer', withPeer({ publicKey: publicKeyOf(keyOf(1)) }), /which is the server's own key/],
    [
      'one key twice',
      { ...STATE, peers: [PEER, { ...PEER, allowedIPs: [] }] },
      /peers\[0\] and peers\[1\] both have/,
    ],
    [
      'one network twice',
      { ...STATE, peers: [PEER, { ...PEER, publicKey: keyOf(9) }] },
      /peers\[0\] and peers\[1\] both have 10\.100\.1\.2\/32/,
    ],
  ];
  test.each(wrong)('with %s is refused with one sentence', (_, body, problem) => {
    expect(() => parseTunnelState(body, 'wg0')).toThrow(problem);
    expect(() => parseTunnelState(body, 'wg0')).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
  });

  test('is never repeated where a key was expected', () => {
    const secret = `${keyOf(77).slice(0, 42)}!!`;
    for (const body of [{ ...STATE, privateKey: secret }, withPeer({ presharedKey: secret })]) {
      expect(() => parseTunnelState(body, 'wg0')).toThrow();
      expect(() => parseTunnelState(body, 'wg0')).not.toThrow(secret);
    }
  });

  test('is taken or refused in one line, whatever it is', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc
        .tuple(fc.constantFrom(...Object.keys(STATE)), fc.jsonValue())
        .map(([name, value]) => ({ ...STATE, [name]: value })),
      fc
        .tuple(fc.constantFrom('publicKey', 'allowedIPs', 'presharedKey', '__proto__'), fc.jsonValue())
        .map(([name, value]) => withPeer({ [name]: value })),
    );
    fc.assert(
      fc.property(anything, (body) => {
        try {
          parseTunnelState(body, 'wg0');
        } catch (error) {
          expect(error).toMatchObject({ code: 'InvalidRequest' });
          expect((error as Error).message).toMatch(/^[^\n\r]{1,300}$/);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('the body of a PATCH', () => {
  test('is taken when it is right', () => {
    const change = { set: STATE.peers, remove: [keyOf(8)] };
    expect(parsePeerChange(change)).toEqual(change);
  });

  test('that sets and removes one peer is refused', () => {
    expect(() => parsePeerChange({ set: [PEER], remove: [PEER?.publicKey] })).toThrow(/both set and remove/);
  });

  test('that removes what is no key is refused', () => {
    expect(() => parsePeerChange({ set: [], remove: ['x'] })).toThrow(/remove\[0\] must be 32 bytes/);
  });
});

describe('names and targets', () => {
  test.each(['wg0', 'wg1', 'wg99999'])('%s is an interface name', (name) =>
    expect(parseInterfaceName(name)).toBe(name),
  );

  test('nothing that is more than wg and a number is an interface name', () => {
    const near = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(fc.constantFrom('wg0', 'wg', 'wg1'), fc.string()).map(([name, more]) => name + more),
      fc.constantFrom('wg00', 'wg01', 'wg100000', 'wg-1', 'WG0', 'wg0/../x', 'wg0\n', undefined, 0, ['wg0']),
    );
    fc.assert(
      fc.property(near, (text) => {
        if (typeof text === 'string' && /^wg(0|[1-9][0-9]{0,4})$/.test(text) && !text.includes('\n')) return;
        expect(() => parseInterfaceName(text)).toThrow(expect.objectContaining({ code: 'InvalidRequest' }));
      }),
      { numRuns: 10_000 },
    );
  });

  test('a target is an address and a port', () => {
    expect(parseDestination('10.100.1.1:8728')).toEqual({ address: '10.100.1.1', port: 8728 });
  });

  test.each([
    '',
    '10.100.1.1',
    '10.100.1.1:0',
    '10.100.1.1:65536',
    'router:80',
    '[::1]:80',
    '10.100.1.256:1',
    '1.1:1',
  ])('%j is no target', (text) =>
    expect(() => parseDestination(text)).toThrow(expect.objectContaining({ code: 'InvalidRequest' })),
  );

  test('a call names one peer and nothing else, no endpoint above all', () => {
    expect(parsePeerCall({ publicKey: keyOf(1) })).toEqual({ publicKey: keyOf(1) });
    const bad = [null, {}, { publicKey: 'x' }, { publicKey: keyOf(1), endpoint: '192.0.2.1:1' }];
    for (const body of bad) expect(() => parsePeerCall(body)).toThrow(/publicKey|unknown field|JSON object/);
  });

  test('since is a Unix time, and may be left out', () => {
    expect(parseSince(null)).toBe(0);
    expect(parseSince('1700000000')).toBe(1_700_000_000);
    for (const text of ['', '-1', '1.5', 'now', '1e9']) expect(() => parseSince(text)).toThrow(/Unix time/);
  });
});
