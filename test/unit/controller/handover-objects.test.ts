import fc from 'fast-check';
import { type HandoverPeer, LABEL_GATEWAY, LABEL_PART, LABEL_TUNNEL } from '../../../src/api/index.ts';
import { blockObjects, readTunnel, tunnelObjects } from '../../../src/controller/handover-objects.ts';
import { generateKeyPair, generatePresharedKey, parsePeers } from '../../../src/wireguard/index.ts';
import { tunnel, tunnelEntry } from './fixtures.ts';

const to = { namespace: 'tenant-tunnel-gateways', node: 'n1' };
const text = (data: Record<string, string> | undefined, key: string) =>
  Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');

test('a tunnel is a ConfigMap for everyone and a Secret with its key, labelled with node, part and number', () => {
  const entry = tunnelEntry({ index: 7 });
  const [configMap, secret] = tunnelObjects(to, {
    entry,
    tunnel: tunnel('a/acme'),
    mtu: 1420,
    routerToRouter: 'Allow',
    blocks: [1, 2],
  });
  expect(configMap.metadata).toMatchObject({
    name: 'tunnel-7',
    labels: {
      [LABEL_GATEWAY]: 'n1',
      [LABEL_PART]: 'tunnel',
      [LABEL_TUNNEL]: '7',
    },
  });
  expect(JSON.parse(configMap.data?.['tunnel.json'] ?? '')).toMatchObject({
    formatVersion: 1,
    index: 7,
    interfaceName: 'wg7',
    serverAddress: '10.100.0.1',
    tenantTunnel: { namespace: 'a', name: 'acme', uid: 'uid-of-acme' },
    blocks: [1, 2],
  });
  expect(Object.values(secret.data ?? {}).map((value) => Buffer.from(value, 'base64').toString())).toEqual([
    entry.privateKey,
  ]);
});

test('that routers do not reach each other is said where it is so; else the text is that of older versions', () => {
  const [allowed, denied] = (['Allow', 'Deny'] as const).map((routerToRouter) => {
    const given = { entry: tunnelEntry(), tunnel: tunnel('a/acme'), mtu: 1420, routerToRouter, blocks: [] };
    const [configMap] = tunnelObjects(to, given);
    expect(readTunnel(configMap)).toMatchObject({ mtu: 1420, routerToRouter });
    return configMap.data?.['tunnel.json'] ?? '';
  });
  expect(allowed).not.toContain('routerToRouter');
  expect(JSON.parse(denied ?? '')).toMatchObject({ routerToRouter: 'Deny' });
});

test('a block is its peers, and for each address the log-in', () => {
  const access = { user: 'u', password: 'ä "quoted"\n$x', apiPort: 8728 };
  const [configMap, secret] = blockObjects(to, 0, 1, [{ peer: peer(1), access }, { peer: peer(2) }]);
  expect(parsePeers(configMap.data?.['peers.conf'] ?? '')).toHaveLength(2);
  expect(Object.keys(secret.data ?? {})).toEqual(['10.100.1.1']);
  expect(JSON.parse(text(secret.data, '10.100.1.1'))).toEqual(access);
});

test('the same routers in any order give the same text: nothing is written for an order', () => {
  const routers = [1, 2, 3, 4].map((offset) => ({ peer: peer(offset) }));
  const once = blockObjects(to, 0, 1, routers)[0].data;
  expect(blockObjects(to, 0, 1, [...routers].reverse())[0].data).toEqual(once);
});

test('no ConfigMap ever holds a private key, a pre-shared key or a password, whatever these are', () => {
  const secretText = fc.string({ minLength: 12, maxLength: 40, unit: 'binary' });
  const routers = fc.uniqueArray(
    fc.record({ offset: fc.integer({ min: 1, max: 254 }), password: secretText, user: fc.string() }),
    { selector: ({ offset }) => offset, maxLength: 20 },
  );
  fc.assert(
    fc.property(routers, fc.string(), (list, tenant) => {
      const entry = tunnelEntry({ tenant });
      const presharedKeys = list.map(() => generatePresharedKey());
      const block = blockObjects(
        to,
        0,
        1,
        list.map(({ offset, password, user }, i) => ({
          peer: peer(offset),
          access: { user, password, apiPort: 8728, presharedKey: String(presharedKeys[i]) },
        })),
      );
      const own = tunnelObjects(to, {
        entry,
        tunnel: tunnel('a/acme'),
        mtu: 1420,
        routerToRouter: 'Allow',
        blocks: [1],
      });
      const shown = JSON.stringify([block[0], own[0], block[1].metadata, own[1].metadata]);
      for (const hidden of [entry.privateKey, ...presharedKeys]) expect(shown).not.toContain(hidden);
      for (const { password } of list) expect(shown).not.toContain(JSON.stringify(password).slice(1, -1));
    }),
  );
});

const keys = Array.from({ length: 256 }, () => generateKeyPair().publicKey);
const peer = (offset: number): HandoverPeer => ({
  namespace: 'a',
  name: `r${offset}`,
  uid: `uid-${offset}`,
  address: `10.100.1.${offset}`,
  publicKey: String(keys[offset]),
  allowedIPs: [`10.100.1.${offset}/32`],
});
