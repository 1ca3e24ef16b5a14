/** What was handed over is read back as it was; what somebody has edited is as if it were not there. */
import fc from 'fast-check';
import { ANNOTATION_CLASS, ANNOTATION_REVISION } from '../../../src/api/index.ts';
import { handedTunnels } from '../../../src/controller/handed-over.ts';
import {
  blockObjects,
  type HandoverRouter,
  tunnelObjects,
} from '../../../src/controller/handover-objects.ts';
import type { ConfigMap, Secret } from '../../../src/kube/index.ts';
import { generateKeyPair, generatePresharedKey } from '../../../src/wireguard/index.ts';
import { tunnel, tunnelEntry } from './fixtures.ts';

const to = { namespace: 'gateways', node: 'n1' };
const entry = tunnelEntry({ index: 7, subnet: '10.107.0.0/16', listenPort: 51_827 });
const router = (i: number): HandoverRouter => {
  const address = `10.107.1.${i}`;
  const peer = {
    namespace: 'a',
    name: `r${i}`,
    uid: `uid-${i}`,
    address,
    publicKey: generateKeyPair().publicKey,
  };
  const access = { user: 'u', password: `p${i}`, apiPort: 8728, presharedKey: generatePresharedKey() };
  return { peer: { ...peer, allowedIPs: [`${address}/32`] }, ...(i === 3 ? {} : { access }) };
};
const routers = [1, 2, 3].map(router);
const own = tunnelObjects(to, {
  entry,
  tunnel: tunnel('a/acme'),
  mtu: 1420,
  routerToRouter: 'Allow',
  blocks: [1],
  revision: 12,
});
const block = blockObjects(to, 7, 1, routers, 34);
const classOf = () => undefined;

test('a tunnel is read back with its key, its routers with their log-ins, each with its revision', () => {
  const [handed, ...more] = handedTunnels([block[0], own[0]], [own[1], block[1]], classOf);
  expect(more).toEqual([]);
  expect(handed).toMatchObject({ index: 7, revision: 12, blocks: [{ number: 1, revision: 34 }] });
  expect(handed?.record()).toEqual(entry);
  expect(handed?.blocks[0]?.routers()).toEqual(
    routers.map(({ peer, access }) => {
      const { presharedKey, ...login } = access ?? {};
      const own = access === undefined ? {} : { access: login, presharedKey };
      return {
        owner: `${peer.namespace}/${peer.name}`,
        address: peer.address,
        publicKey: peer.publicKey,
        ...own,
      };
    }),
  );
});

test('what a program before this one handed over has no revision, and the class that its TenantTunnel asks for', () => {
  const plain = (object: ConfigMap): ConfigMap => {
    const { annotations: _, ...metadata } = object.metadata;
    return { ...object, metadata };
  };
  const [handed] = handedTunnels([plain(own[0]), plain(block[0])], [own[1]], (key) => `class of ${key}`);
  expect(handed).toMatchObject({ revision: undefined, blocks: [{ revision: undefined }] });
  expect(handed?.record()?.className).toBe('class of a/acme');
  expect(handedTunnels([plain(own[0])], [own[1]], classOf)[0]?.record()).toBeUndefined();
});

test.each<[string, Secret[]]>([
  ['is missing', []],
  [
    'is another’s',
    [
      tunnelObjects(to, {
        entry: { ...entry, ...generateKeyPair(), publicKey: entry.publicKey },
        tunnel: tunnel('a/acme'),
        mtu: 1420,
        routerToRouter: 'Allow',
        blocks: [],
      })[1],
    ],
  ],
  ['is nonsense', [{ ...own[1], data: { privateKey: 'AAAA' } }]],
])('without the key, which %s, all else is there', (_what, secrets) => {
  const { privateKey: _, ...rest } = entry;
  expect(handedTunnels([own[0]], secrets, classOf)[0]?.record()).toEqual(rest);
});

test('any edit of anything throws nowhere, and yields nothing that the ledger could not store', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('', '{}', '[]', 'null', '-1', '999999999999999999'),
  );
  const edited = <T extends ConfigMap | Secret>(object: T, field: string, value: string): T => {
    const isData = object.data !== undefined && field in object.data;
    const stored = object.kind === 'Secret' ? Buffer.from(value).toString('base64') : value;
    const annotations = { ...object.metadata.annotations, [field]: value };
    if (!isData) return { ...object, metadata: { ...object.metadata, annotations } };
    return { ...object, data: { ...object.data, [field]: stored } };
  };
  const fields = [
    'tunnel.json',
    'peers.conf',
    'privateKey',
    '10.107.1.1',
    ANNOTATION_CLASS,
    ANNOTATION_REVISION,
  ];
  fc.assert(
    fc.property(fc.constantFrom(...fields), text, (field, value) => {
      const maps = [own[0], block[0]].map((object) => edited(object, field, value));
      const secrets = [own[1], block[1]].map((object) => edited(object, field, value));
      for (const handed of handedTunnels(maps, secrets, classOf)) {
        const record = handed.record();
        if (record !== undefined) {
          expect(record).toMatchObject({ index: 7, owner: expect.stringMatching(/^[^/]+\/[^/]+$/) });
          expect(record.tenant).toMatch(/^[a-z0-9-]+$/);
          for (const said of [record.tenant, record.className, record.subnet])
            expect(said).toMatch(/^.{1,512}$/s);
        }
        for (const { access, publicKey } of handed.blocks.flatMap((one) => one.routers())) {
          expect(publicKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
          if (access !== undefined) expect([access.user, access.password]).not.toContain('');
        }
        expect([undefined, Math.abs(handed.revision ?? 0)]).toContain(handed.revision);
      }
    }),
    { numRuns: 500 },
  );
});

test.each(['a b', 'a\nb', 'A', '', '-a', 'a'.repeat(64), '../x'])(
  'a tenant %j is none that could be recorded',
  (tenant) => {
    const text = JSON.stringify({ ...JSON.parse(own[0].data?.['tunnel.json'] ?? ''), tenant });
    const [handed] = handedTunnels([{ ...own[0], data: { 'tunnel.json': text } }], [own[1]], classOf);
    expect(handed?.record()).toBeUndefined();
  },
);
