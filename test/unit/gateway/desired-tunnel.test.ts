import type { HandoverPeer } from '../../../src/api/index.ts';
import { desiredTunnel, TunnelMemory } from '../../../src/gateway/desired-tunnel.ts';
import { parseHandoverName } from '../../../src/gateway/handover-parts.ts';
import { generateKeyPair } from '../../../src/wireguard/index.ts';
import {
  accessObject,
  configMap,
  keyObject,
  objectsOf,
  peerAt,
  peersObject,
  secret,
  serverKeys,
  tunnelObject,
} from './fixtures.ts';

const read = (objects: ReturnType<typeof objectsOf>) => desiredTunnel(3, objects, new TunnelMemory());
const a = peerAt(1);
const b = peerAt(2);

describe('what was handed over for a tunnel', () => {
  test('gives its interface and peers when all of it is there', () => {
    const desired = read(objectsOf([a, b]));
    expect(desired.problems).toEqual([]);
    expect(desired.interface).toEqual({
      interfaceName: 'wg3',
      privateKey: serverKeys.privateKey,
      listenPort: 51_823,
      addresses: ['10.100.0.1/16'],
      mtu: 1420,
    });
    expect([...desired.peers.keys()]).toEqual([a.publicKey, b.publicKey]);
  });

  test('gives the endpoint that routers are to go to, and takes nothing that could be more than that', () => {
    const endpoint = { host: 'new.example.com', port: 51_820 };
    const desired = read(objectsOf([a], { tunnel: tunnelObject({ endpoint }) }));
    expect(desired.handover?.endpoint).toEqual(endpoint);
    for (const host of ['', 'a b', 'a"', '$x', 'a;b', 'x'.repeat(300)]) {
      const wrong = read(objectsOf([a], { tunnel: tunnelObject({ endpoint: { host, port: 1 } }) }));
      expect(wrong.problems[0]?.message).toContain('an endpoint without host or port');
    }
    const noPort = read(objectsOf([a], { tunnel: tunnelObject({ endpoint: { host: 'a', port: 0 } }) }));
    expect(noPort.interface).toBeUndefined();
  });

  test('gives what is said of routers that reach each other, and nothing for an older ConfigMap', () => {
    const denied = read(objectsOf([a], { tunnel: tunnelObject({ routerToRouter: 'Deny' }) }));
    expect(denied.interface?.routerToRouter).toBe('Deny');
    expect(read(objectsOf([a])).interface).not.toHaveProperty('routerToRouter');
    const wrong = read(objectsOf([a], { tunnel: tunnelObject({ routerToRouter: 'no' }) }));
    expect(wrong.interface).toBeUndefined();
    expect(wrong.problems[0]?.message).toContain('a routerToRouter that is neither Allow nor Deny');
  });

  test('gives networks behind routers, each to one peer, and the same again when nothing changed', () => {
    const behind = (router: HandoverPeer, ...subnets: string[]) => ({
      ...router,
      allowedIPs: [...router.allowedIPs, ...subnets],
    });
    const first = behind(a, '192.168.88.0/24');
    const second = behind(b, '192.168.0.0/17', '192.168.200.0/24');
    const blocks = new Map([
      [1, peersObject([first])],
      [2, peersObject([second], 2)],
    ]);
    const access = new Map([
      [1, accessObject([a])],
      [2, accessObject([b], 2)],
    ]);
    const tunnel = tunnelObject({ blocks: [1, 2] });
    const memory = new TunnelMemory();
    const twice = [1, 2].map(() =>
      desiredTunnel(3, { ...objectsOf([]), tunnel, peers: blocks, access }, memory),
    );
    for (const { peers, problems } of twice) {
      expect(problems).toEqual([]);
      expect(peers.get(a.publicKey)?.peer.allowedIPs).toEqual([`${a.address}/32`]);
      expect(peers.get(b.publicKey)?.peer.allowedIPs).toEqual(second.allowedIPs);
    }
    expect(twice[1]?.peers.get(b.publicKey)).toBe(twice[0]?.peers.get(b.publicKey));
  });

  test.each(['10.100.0.0/16', '10.100.0.1/32', '10.0.0.0/8'])(
    'leaves a peer as it is that somebody gave %s, where the server is',
    (subnet) => {
      const greedy = { ...a, allowedIPs: [...a.allowedIPs, subnet] };
      const desired = read(objectsOf([greedy, b]));
      expect([...desired.peers.keys()]).toEqual([b.publicKey]);
      expect(desired.problems[0]?.message).toContain(
        "a network that overlaps 10.100.0.0/16, the tunnel's own",
      );
    },
  );

  test('gives peers the pre-shared keys of their log-ins', () => {
    const presharedKey = generateKeyPair().publicKey;
    const desired = read(objectsOf([a], { access: new Map([[1, accessObject([a], 1, presharedKey)]]) }));
    expect(desired.peers.get(a.publicKey)?.peer.presharedKey).toBe(presharedKey);
  });

  test('gives the very same peers again for blocks that have not changed', () => {
    const memory = new TunnelMemory();
    const objects = objectsOf([a]);
    const before = desiredTunnel(3, objects, memory).peers.get(a.publicKey);
    const blocks = { tunnel: tunnelObject({ mtu: 1400 }), peers: objects.peers, access: objects.access };
    expect(desiredTunnel(3, { ...objects, ...blocks }, memory).peers.get(a.publicKey)).toBe(before);
    const rewritten = new Map([[1, accessObject([a])]]);
    const alike = { ...objects, peers: new Map([[1, peersObject([a, b])]]), access: rewritten };
    expect(desiredTunnel(3, alike, memory).peers.get(a.publicKey)).toBe(before);
    const access = new Map([[1, accessObject([a], 1, generateKeyPair().publicKey)]]);
    expect(desiredTunnel(3, { ...objects, access }, memory).peers.get(a.publicKey)).not.toBe(before);
  });

  test('leaves the interface alone without its ConfigMap, its key, or with another key', () => {
    for (const fields of [
      { tunnel: undefined },
      { key: undefined },
      { key: keyObject('') },
      { key: keyObject('nonsense') },
      { key: keyObject(generateKeyPair().privateKey) },
    ]) {
      const desired = read(objectsOf([a], fields));
      expect(desired.interface).toBeUndefined();
      expect(desired.problems).toHaveLength(1);
    }
  });

  test('never quotes a key that does not fit', () => {
    const { privateKey } = generateKeyPair();
    const { problems } = read(objectsOf([a], { key: keyObject(privateKey) }));
    expect(JSON.stringify(problems)).not.toContain(privateKey.slice(0, 8));
  });

  test.each([
    ['a format that is not known', { formatVersion: 2 }],
    ['the index of another tunnel', { index: 4 }],
    ['the interface of another tunnel', { interfaceName: 'wg4' }],
    ['a port out of range', { listenPort: 70_000 }],
    ['a server address outside its subnet', { serverAddress: '10.101.0.1' }],
    ['a subnet that is none', { subnet: 'everything' }],
    ['no blocks', { blocks: 'all' }],
    ['no owner', { tenantTunnel: null }],
  ])('leaves the interface alone where the ConfigMap has %s', (_what, fields) => {
    const desired = read(objectsOf([a], { tunnel: tunnelObject(fields) }));
    expect(desired.interface).toBeUndefined();
    expect(desired.problems[0]?.message).toMatch(/^ConfigMap tunnel-3 has /);
  });

  test.each(['', '[]', 'null', '{', '{"formatVersion":1}'])(
    'takes the text %j for a problem, no more',
    (text) => {
      const tunnel = configMap('tunnel-3', { 'tunnel.json': text });
      expect(read(objectsOf([a], { tunnel })).problems).toHaveLength(1);
    },
  );

  test('is incomplete while a block is missing or does not parse, with the peers of the others', () => {
    const second = { 2: peersObject([b], 2), bad: configMap('tunnel-3-peers-2', { 'peers.conf': 'rm -rf' }) };
    const whole = objectsOf([a], { tunnel: tunnelObject({ blocks: [1, 2] }) });
    const access = new Map([...whole.access, [2, accessObject([b], 2)] as const]);
    for (const objects of [
      whole,
      { ...whole, access },
      { ...whole, peers: new Map([...whole.peers, [2, second[2]] as const]) },
      { ...whole, access, peers: new Map([...whole.peers, [2, second.bad] as const]) },
    ]) {
      const desired = read(objects);
      expect(desired.problems).toHaveLength(1);
      expect(desired.interface).toBeDefined();
      expect([...desired.peers.keys()]).toEqual([a.publicKey]);
    }
  });

  test('keeps a peer back whose log-in is missing, since its pre-shared key is not known', () => {
    const desired = read(objectsOf([a, b], { access: new Map([[1, accessObject([a])]]) }));
    expect([...desired.peers.keys()]).toEqual([a.publicKey]);
    expect(desired.problems[0]?.message).toContain('10.100.1.2');
  });

  test('keeps a peer back with the address of the server, of another router, or outside the subnet', () => {
    for (const address of ['10.100.0.1', '10.101.1.1']) {
      const wrong = peerAt(2, { address, allowedIPs: [`${address}/32`] });
      const desired = read(objectsOf([a, wrong]));
      expect([...desired.peers.keys()]).toEqual([a.publicKey]);
      expect(desired.problems).toHaveLength(1);
    }
    const thief = peerAt(1, { name: 'thief' });
    const blocks = {
      tunnel: tunnelObject({ blocks: [1, 2] }),
      peers: new Map([
        [1, peersObject([a])],
        [2, peersObject([thief], 2)],
      ]),
      access: new Map([
        [1, accessObject([a])],
        [2, accessObject([thief], 2)],
      ]),
    };
    const desired = read(objectsOf([], blocks));
    expect([...desired.peers.keys()]).toEqual([a.publicKey]);
    expect(desired.problems[0]?.message).toContain('thief');
  });

  test('takes hostile log-ins for missing ones', () => {
    for (const text of ['', '{}', '[]', '{"user":1}', '{"user":"a","password":"b","apiPort":0}']) {
      const access = new Map([[1, secret('tunnel-3-access-1', { [a.address]: text })]]);
      expect(read(objectsOf([a], { access })).peers.size).toBe(0);
    }
  });
});

test('names of handed-over objects are taken apart, others are not', () => {
  expect(parseHandoverName('tunnel-12')).toEqual({ index: 12, part: 'tunnel', block: 0 });
  expect(parseHandoverName('tunnel-0-peers-255')).toEqual({ index: 0, part: 'peers', block: 255 });
  expect(parseHandoverName('tunnel-0-access-1')).toEqual({ index: 0, part: 'access', block: 1 });
  for (const name of ['tunnel-', 'tunnel-01', 'tunnel-1-peers', 'tunnel-1-peers-x', 'kube-root-ca.crt']) {
    expect(parseHandoverName(name)).toBeUndefined();
  }
});
