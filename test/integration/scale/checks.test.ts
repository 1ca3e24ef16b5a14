/** The checks themselves, on a picture that is as it should be and then is not. */
import type { AddressEntry } from '../../../src/allocation/index.ts';
import type { Router, TenantTunnel } from '../../../src/api/index.ts';
import { duplicatesIn } from './duplicates.ts';
import { Given } from './given.ts';
import { leaksIn } from './leaks.ts';
import type { Picture } from './picture.ts';
import { unservedIn } from './unserved.ts';

const allocated = [{ type: 'Allocated', status: 'True', reason: 'x', message: 'x', lastTransitionTime: 'x' }];
const record = {
  index: 0,
  tenant: 'acme',
  owner: 'a/acme',
  className: 'standard',
  subnet: '10.100.0.0/16',
  listenPort: 51_820,
  privateKey: 'server private',
  publicKey: 'server public',
};
const entry = (n: number): AddressEntry => ({
  offset: n,
  owner: `a/r${n}`,
  publicKey: `public ${n}`,
  privateKey: `private ${n}`,
  access: { user: 'u', password: `password ${n}`, apiPort: 8728 },
});
const address = (n: number): string => `10.100.1.${n}`;

function router(n: number): Router {
  const given = { address: address(n), publicKey: `public ${n}`, tunnel: 'a/acme' };
  const script = [address(n), 'server public', `private ${n}`, `password ${n}`].join(' ');
  return {
    metadata: { namespace: 'a', name: `r${n}`, uid: `uid ${n}`, generation: 1 },
    spec: { tenant: 'acme', suspended: false },
    status: { ...given, script, observedGeneration: 1, conditions: allocated },
  } as unknown as Router;
}

function good(): Picture {
  const tunnel = {
    metadata: { namespace: 'a', name: 'acme', uid: 'uid', generation: 1 },
    status: { ...record, observedGeneration: 1, conditions: allocated },
  } as unknown as TenantTunnel;
  const peers = [1, 2].map((n) => ({
    namespace: 'a',
    name: `r${n}`,
    uid: `uid ${n}`,
    address: address(n),
    publicKey: `public ${n}`,
    allowedIPs: [`${address(n)}/32`],
  }));
  const handed = { ...record, blocks: [1], tenantTunnel: { uid: 'uid' } } as never;
  return {
    routers: new Map([1, 2].map((n) => [`a/r${n}`, router(n)])),
    tunnels: new Map([['a/acme', tunnel]]),
    records: [record],
    held: [1, 2].map((n) => ({ tunnel: record, index: 0, block: 1, entry: entry(n) })),
    quarantined: 0,
    handover: [
      { name: 'tunnel-0', index: 0, part: 'tunnel', tunnel: handed },
      { name: 'tunnel-0', index: 0, part: 'key' },
      { name: 'tunnel-0-peers-1', index: 0, part: 'peers', block: 1, peers },
      {
        name: 'tunnel-0-access-1',
        index: 0,
        part: 'access',
        block: 1,
        access: new Map(
          [1, 2].map((n) => [address(n), { user: 'u', password: `password ${n}`, apiPort: 1 }]),
        ),
      },
    ],
  };
}

const status = (picture: Picture, n: number) => (picture.routers.get(`a/r${n}`) as Router).status ?? {};
const part = (picture: Picture, name: string) => picture.handover.find((one) => one.part === name) as never;

test('a picture that is as it should be has nothing amiss', () => {
  expect([duplicatesIn(good()), leaksIn(good()), unservedIn(good())]).toEqual([[], [], []]);
});

test.each<[string, (picture: Picture) => void]>([
  [
    'an index',
    (p) => p.records.push({ ...record, tenant: 'b', listenPort: 1, subnet: '10.101.0.0/16', publicKey: 'b' }),
  ],
  [
    'a port',
    (p) => p.records.push({ ...record, index: 1, tenant: 'b', subnet: '10.101.0.0/16', publicKey: 'b' }),
  ],
  ['a subnet', (p) => p.records.push({ ...record, index: 1, tenant: 'b', listenPort: 1, publicKey: 'b' })],
  [
    'a tenant',
    (p) => p.records.push({ ...record, index: 1, listenPort: 1, subnet: '10.101.0.0/16', publicKey: 'b' }),
  ],
  [
    'an address in the ledger',
    (p) => p.held.push({ ...p.held[0], entry: { ...entry(3), offset: 1 } } as never),
  ],
  [
    'a key in the ledger',
    (p) => p.held.push({ ...p.held[0], entry: { ...entry(3), publicKey: 'public 1' } } as never),
  ],
  ['an address in statuses', (p) => Object.assign(status(p, 2), { address: address(1) })],
  ['a key in statuses', (p) => Object.assign(status(p, 2), { publicKey: 'public 1' })],
  ['a script', (p) => Object.assign(status(p, 2), { script: status(p, 1).script })],
  [
    'a key among peers',
    (p) => Object.assign((part(p, 'peers') as { peers: object[] }).peers[1] ?? {}, { publicKey: 'public 1' }),
  ],
])('two with %s are found', (_, spoil) => {
  const picture = good();
  spoil(picture);
  expect(duplicatesIn(picture)).not.toEqual([]);
});

test.each<[string, (picture: Picture) => void]>([
  ['a tunnel', (p) => p.tunnels.clear()],
  ['an address', (p) => p.routers.delete('a/r2')],
  ['a second address', (p) => p.held.push({ ...p.held[0], block: 2 } as never)],
  ['a peer', (p) => Object.assign((p.routers.get('a/r2') as Router).spec, { suspended: true })],
  ['a log-in', (p) => (part(p, 'access') as { access: Map<string, unknown> }).access.set('10.100.1.9', {})],
  ['objects of a tunnel', (p) => p.handover.push({ name: 'tunnel-7', index: 7, part: 'key' })],
  [
    'a block',
    (p) => p.handover.push({ name: 'tunnel-0-peers-9', index: 0, part: 'peers', block: 9, peers: [] }),
  ],
])('%s that is left is found', (_, spoil) => {
  const picture = good();
  spoil(picture);
  expect(leaksIn(picture)).not.toEqual([]);
});

test.each<[string, (picture: Picture) => void]>([
  ['its address', (p) => Object.assign(status(p, 1), { address: address(9) })],
  ['its script', (p) => delete status(p, 1).script],
  ['a script of its own', (p) => Object.assign(status(p, 1), { script: status(p, 2).script })],
  ['its condition', (p) => Object.assign(status(p, 1), { conditions: [] })],
  ['its last manifest', (p) => Object.assign(status(p, 1), { observedGeneration: 0 })],
  ['its place in the ledger', (p) => p.held.shift()],
  ['its peer', (p) => (part(p, 'peers') as { peers: object[] }).peers.shift()],
  ['its log-in', (p) => (part(p, 'access') as { access: Map<string, unknown> }).access.delete(address(1))],
  [
    'its block',
    (p) =>
      Object.assign(part(p, 'tunnel'), { tunnel: { ...record, blocks: [], tenantTunnel: { uid: 'uid' } } }),
  ],
])('a Router without %s is found', (_, spoil) => {
  const picture = good();
  spoil(picture);
  expect(unservedIn(picture)).not.toEqual([]);
});

test('what is taken back is found, and what a person changed is not', () => {
  const given = new Given();
  expect(given.compare(good())).toEqual([]);
  const changed = good();
  const one = changed.routers.get('a/r1') as Router;
  Object.assign(one.status ?? {}, { script: 'after a change of the identity', observedGeneration: 2 });
  expect(given.compare(changed)).toEqual([]);
  for (const loss of [{ address: address(9) }, { script: 'another' }, { script: undefined }]) {
    const later = new Given();
    later.compare(good());
    const picture = good();
    Object.assign(status(picture, 1), loss);
    expect(later.compare(picture)).not.toEqual([]);
  }
});
