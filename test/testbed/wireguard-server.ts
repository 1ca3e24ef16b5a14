import type { TestNode } from './node.ts';

export interface WireguardServerOptions {
  privateKey: string;
  listenPort?: number;
  /** In the tunnel, with their length. */
  addresses?: readonly string[];
}

/** `wg0` of a node, made by hand without any part of the operator: the server's side of a tunnel, without peers yet. */
export async function startWireguardServer(
  node: Pick<TestNode, 'exec'>,
  { privateKey, listenPort = 51_820, addresses = ['10.100.0.1/16'] }: WireguardServerOptions,
): Promise<void> {
  await node.exec('wireguard-go', ['wg0']);
  const settings = ['listen-port', String(listenPort), 'private-key', '/dev/stdin'];
  await node.exec('wg', ['set', 'wg0', ...settings], privateKey);
  for (const address of addresses) await node.exec('ip', ['address', 'add', address, 'dev', 'wg0']);
  await node.exec('ip', ['link', 'set', 'wg0', 'up', 'mtu', '1420']);
}

/** Lets one router in. */
export const addWireguardPeer = (
  node: Pick<TestNode, 'exec'>,
  publicKey: string,
  allowedIPs: string,
): Promise<string> => node.exec('wg', ['set', 'wg0', 'peer', publicKey, 'allowed-ips', allowedIPs]);
