import {
  type HandoverPeer,
  PEERS_KEY,
  PRIVATE_KEY,
  type Router,
  type RouterStatus,
  TUNNEL_KEY,
  type TunnelHandover,
} from '../../../src/api/index.ts';
import type { HandoverObjects } from '../../../src/gateway/desired-tunnel.ts';
import type { ConfigMap, Secret } from '../../../src/kube/index.ts';
import { generateKeyPair, renderPeers } from '../../../src/wireguard/index.ts';

export const serverKeys = generateKeyPair();

export function peerAt(number: number, fields: Partial<HandoverPeer> = {}): HandoverPeer {
  const address = `10.100.1.${number}`;
  return {
    namespace: 'acme',
    name: `router-${number}`,
    uid: `uid-${number}`,
    address,
    publicKey: generateKeyPair().publicKey,
    allowedIPs: [`${address}/32`],
    ...fields,
  };
}

export function configMap(name: string, data: Record<string, string>): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

export function secret(name: string, texts: Record<string, string>): Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data };
}

export const handover: TunnelHandover = {
  formatVersion: 1,
  index: 3,
  interfaceName: 'wg3',
  listenPort: 51_823,
  subnet: '10.100.0.0/16',
  serverAddress: '10.100.0.1',
  mtu: 1420,
  publicKey: serverKeys.publicKey,
  tenant: 'acme',
  tenantTunnel: { namespace: 'acme', name: 'acme', uid: 'uid' },
  blocks: [1],
};

export const tunnelObject = (fields: object = {}): ConfigMap =>
  configMap('tunnel-3', { [TUNNEL_KEY]: JSON.stringify({ ...handover, ...fields }) });

export const keyObject = (privateKey = serverKeys.privateKey): Secret =>
  secret('tunnel-3', { [PRIVATE_KEY]: privateKey });

export const peersObject = (peers: readonly HandoverPeer[], block = 1): ConfigMap =>
  configMap(`tunnel-3-peers-${block}`, { [PEERS_KEY]: renderPeers(peers) });

/** `nexts`: keys that routers have made, by address. */
export function accessObject(
  peers: readonly HandoverPeer[],
  block = 1,
  presharedKey?: string,
  nexts: Readonly<Record<string, string>> = {},
): Secret {
  const login = { user: 'tenant-tunnel', password: 'x', apiPort: 8728, presharedKey };
  const logins = peers.map(({ address }) => [
    address,
    JSON.stringify({ ...login, nextPublicKey: nexts[address] }),
  ]);
  return secret(`tunnel-3-access-${block}`, Object.fromEntries(logins));
}

export function objectsOf(
  peers: readonly HandoverPeer[],
  fields: Partial<HandoverObjects> = {},
): HandoverObjects {
  return {
    tunnel: tunnelObject(),
    key: keyObject(),
    peers: new Map([[1, peersObject(peers)]]),
    access: new Map([[1, accessObject(peers)]]),
    ...fields,
  };
}

export function routerWith(status: RouterStatus, spec: object = {}, generation = 1): Router {
  return {
    apiVersion: 'vpn.traidnet.io/v1alpha1',
    kind: 'Router',
    metadata: {
      namespace: 'acme',
      name: 'router-1',
      uid: 'uid-1',
      resourceVersion: '1',
      generation,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { tenant: 'acme', autoConfiguration: { enabled: true }, management: {}, suspended: false, ...spec },
    status,
  } as Router;
}
