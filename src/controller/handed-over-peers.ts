import { type HandoverPeer, PEERS_KEY } from '../api/index.ts';
import type { ConfigMap } from '../kube/index.ts';
import { parsePeers } from '../wireguard/index.ts';

type Known = Pick<HandoverPeer, 'address' | 'publicKey'>;

/**
 * Tells whether a peer stands in what was handed over before. Read only when somebody asks; an object that somebody has
 * edited into something else has none.
 */
export function peersIn(configMap: ConfigMap | undefined): (peer: Known) => boolean {
  let known: Set<string> | undefined;
  return (peer) => {
    known ??= new Set(read(configMap).map(nameOf));
    return known.has(nameOf(peer));
  };
}

const nameOf = ({ address, publicKey }: Known): string => `${address} ${publicKey}`;

function read(configMap: ConfigMap | undefined): Known[] {
  try {
    return parsePeers(configMap?.data?.[PEERS_KEY] ?? '');
  } catch {
    return [];
  }
}
